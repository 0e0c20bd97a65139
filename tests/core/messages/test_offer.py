"""The way out of a letter: where it stands, whom it belongs to, and what it leaves alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import ids
from core.core import Policy
from core.messages import Delivery, Message, OptOut
from core.messages.composition import letter
from core.tokens import Signer
from tests.core.post import ANN, BOB, draft

POLICY = Policy(public_url="https://mail.example.com")
WORDS = OptOut(links=("x:leave",), urls=("x:leave_url", "LEAVE_URL"))
MANAGED = OptOut(managed=True, links=WORDS.links, urls=WORDS.urls)


def message(**fields):
    """A message to Ann and Bob."""
    asked = draft(ANN, BOB, **fields)
    id_ = ids.new()
    return Message(
        id=id_, workspace_id=ids.new(), environment="live", number=1, batch_id=None, content_id=None,
        stream="broadcast", state="accepted", sender="s@example.com", subject="Hello", tag="", created_at=0,
        scheduled_at=None, draft=asked,
        deliveries=tuple(
            Delivery(
                message_id=id_, position=position, role="to", email=email, state="queued", attempts=0, code=0,
                text="", updated_at=0,
            )
            for position, email in enumerate((ANN, BOB))
        ),
    )  # fmt: skip


def made(asked, position=0):
    """The letter to one of the two."""
    return letter(POLICY, Signer(b"s" * 32), asked, (), asked.deliveries[position])


def way_out(told):
    """The address that a letter's header leads to."""
    return dict(told.headers)["List-Unsubscribe"][1:-1]


def test_most_letters_offer_nothing():
    """A letter that nobody asked it of stays as it is, words in braces included."""
    told = made(message(html="<p>{{{ x:leave }}}</p>", text="{{LEAVE_URL}}"))

    assert ((), "<p>{{{ x:leave }}}</p>", "{{LEAVE_URL}}") == (told.headers, told.html, told.text)


def test_the_header_says_both_fields():
    """RFC 8058 3.1: one https address, and the field that makes it one click; the body is not touched."""
    told = made(message(html="<p>Hi</p>", text="Hi", opt_out=OptOut(header=True)))

    assert way_out(told).startswith("https://mail.example.com/_/u/")
    assert "List-Unsubscribe=One-Click" == dict(told.headers)["List-Unsubscribe-Post"]
    assert ("<p>Hi</p>", "Hi") == (told.html, told.text)


def test_every_recipient_has_a_link_of_their_own():
    """The same one at every attempt."""
    asked = message(opt_out=OptOut(header=True))

    assert way_out(made(asked, 0)) == way_out(made(asked, 0)) != way_out(made(asked, 1))


OWN = (("List-unsubscribe", "<mailto:u@acme.example>"), ("X-A", "b"))


@pytest.mark.parametrize(
    ("opt_out", "expected"),
    [
        (OptOut(header=True), ["List-unsubscribe", "X-A"]),
        (WORDS, ["List-unsubscribe", "X-A"]),
        (MANAGED, ["X-A", "List-Unsubscribe", "List-Unsubscribe-Post"]),
    ],
)
def test_the_callers_own_header_wins(opt_out, expected):
    """But for where the stream manages who leaves."""
    told = made(message(headers=OWN, text="{{{ LEAVE_URL }}}", opt_out=opt_out))

    assert expected == [name for name, _ in told.headers]


def test_a_post_field_alone_does_not_stand_twice():
    """The caller's half of the pair gives way to ours."""
    own = (("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),)
    told = made(message(headers=own, opt_out=OptOut(header=True)))

    assert ["List-Unsubscribe", "List-Unsubscribe-Post"] == [name for name, _ in told.headers]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<p>{{{ x:leave }}}</p>", '<p><a href="URL">Unsubscribe</a></p>'),
        ("<p>{{x:leave}}</p>", '<p><a href="URL">Unsubscribe</a></p>'),
        ('<p>{{{x:leave label="No more"}}}</p>', '<p><a href="URL">No more</a></p>'),
        ('<a href="{{{ x:leave }}}">out</a> or {{{x:leave}}}',
         '<a href="URL">out</a> or <a href="URL">Unsubscribe</a>'),
        ('<a class="a>b" href="{{{ x:leave_url }}}">out</a>', '<a class="a>b" href="URL">out</a>'),
        ("<p>{{{LEAVE_URL}}}</p>", "<p>URL</p>"),
        ("{{{ x:leaves }}} {{{x:leave_url}}}", "{{{ x:leaves }}} URL"),
        ("{ {{ x:leave_url }} }", "{ URL }"),
    ],
)  # fmt: skip  # one case a line
def test_words_become_links(body, expected):
    """Alone a link, within a tag the address; what only resembles a word stays."""
    told = made(message(html=body, opt_out=WORDS))

    assert expected.replace("URL", way_out(told)) == told.html


def test_words_in_text_become_the_address():
    """There is nothing else to show."""
    told = made(message(text='Out: {{{ x:leave label="No" }}} or {{LEAVE_URL}}', opt_out=WORDS))

    assert f"Out: {way_out(told)} or {way_out(told)}" == told.text


def test_words_that_do_not_stand_offer_nothing():
    """Neither a header nor a copy for each."""
    assert () == made(message(html="<p>Hi</p>", opt_out=WORDS)).headers


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<html><body>Hi</body></html>", "<html><body>Hi{}</body></html>"),
        ("<p>Hi</p>", "<p>Hi</p>{}"),
        ("</body>\u0130</BODY >", "</body>\u0130{}</BODY >"),
    ],
)
def test_a_managed_letter_has_a_footer_in_both_parts(body, expected):
    """At the end of the page, and below the text."""
    told = made(message(html=body, text="Hi", opt_out=MANAGED))

    url = way_out(told)
    footer = f'<p style="text-align:center;font-size:12px"><a href="{url}">Unsubscribe</a></p>'
    assert (expected.format(footer), f"Hi\n\nUnsubscribe: {url}\n") == (told.html, told.text)


def test_a_word_anywhere_takes_the_footers_place():
    """A letter that has its own link gets no second one."""
    told = made(message(html="<p>{{{x:leave}}}</p>", text="Hi", opt_out=MANAGED))

    assert (1, "Hi") == (str(told.html).count("/_/u/"), told.text)


def test_a_derived_text_has_the_link_too():
    """It is made of the page as it is sent."""
    told = made(message(html="<p>Hi</p>", text=None, derive_text=True, opt_out=MANAGED))

    assert way_out(told) in str(told.text)


@given(body=st.text(alphabet=st.sampled_from('<>{}" xleav:_=\\ba'), max_size=60))
def test_what_is_no_word_stays(body):
    """Whatever stands around: apart from words nothing changes."""
    told = made(message(html=body or "x", opt_out=OptOut(header=True, urls=("zz",))))

    assert (body or "x") == told.html


def test_many_braces_take_no_time():
    """A hostile page is read in one pass."""
    told = made(message(html="{{{ x:leave" * 200_000 + "{{" + " " * 1_000_000, opt_out=MANAGED))

    assert told.html is not None


def test_the_way_out_is_not_tracked():
    """Other links are led through the pages that count them; the one that leads out is not, whoever's header stands."""
    asked = message(
        html='<a href="{{{LEAVE_URL}}}">out</a><a href="https://e.x/">on</a>',
        text="{{{LEAVE_URL}}} https://e.x/",
        headers=OWN,
        opt_out=WORDS,
        track_links="both",
    )
    told = made(asked)

    for body in (str(told.html), str(told.text)):
        assert (1, 1, False) == (body.count("/_/u/"), body.count("/_/t/c/"), "https://e.x/" in body)
