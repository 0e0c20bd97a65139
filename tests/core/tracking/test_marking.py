"""Where pixels and links stand, and what of a letter is left alone."""

import msgspec

from core import messages
from core.tracking import marking
from tests.core.post import draft

LINK = '<a href="https://x.example/">x</a>'


def marker(core, base):
    """What marks are made with under an address."""
    policy = msgspec.structs.replace(core.policy, public_url="https://mail.example", tracking_url=base)
    return marking.Marker(policy, core.signer)


async def kept(core, caller, **fields):
    """A message as it was accepted."""
    id = (await messages.submit(core, caller, draft(html=LINK, **fields))).id
    return await messages.get(core, caller, id)


async def test_our_own_pages_are_not_led_through_ourselves(core, caller):
    """An address under /_/ of this server stays, whatever it is."""
    message = await kept(core, caller, track_links="both")
    html = "".join(f'<a href="{base}/_/u/x">x</a>' for base in ("https://l.example", "https://MAIL.example"))
    assert (html, "https://mail.example/_/u/x") == marking.marked(
        marker(core, "https://l.example"),
        message,
        message.deliveries[0],
        (html, "https://mail.example/_/u/x"),
        (),
    )


async def test_the_same_address_is_signed_once(core, caller):
    """As long as a letter is, it has one token for each address and part."""
    message = await kept(core, caller, track_links="both")
    html, text = marking.marked(
        marker(core, "https://l.example"),
        message,
        message.deliveries[0],
        (LINK * 2, "https://x.example/ https://x.example/"),
        (),
    )
    assert html is not None
    assert text is not None
    assert (1, 1) == (len(set(html.split('"')[1::2])), len(set(text.split())))


async def test_an_opt_out_holds_for_the_text_too(core, caller):
    """The address that HTML leaves alone is left alone in the text."""
    message = await kept(core, caller, track_links="both")
    bodies = ('<a data-pm-no-track href="https://x.example/">x</a>', "https://x.example/ https://y.example/")
    html, text = marking.marked(marker(core, "https://l.example"), message, message.deliveries[0], bodies, ())
    assert '<a href="https://x.example/">x</a>' == html
    assert text is not None
    assert text.startswith("https://x.example/ https://l.example/_/t/c/")


async def test_a_message_without_html_has_no_pixel(core, caller):
    """Text alone cannot be opened."""
    id = (await messages.submit(core, caller, draft(track_opens=True))).id
    source = await messages.source(core, await messages.get(core, caller, id))
    assert b"/_/t/o/" not in source
