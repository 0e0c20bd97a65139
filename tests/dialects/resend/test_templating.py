"""Sending with a stored template: which version, whose subject, and every variable filled."""

from typing import Any

import pytest

from core import messages, templates
from tests.core.post import parsed
from tests.house import House

_BODY = templates.Body(
    subject="Order {{{NUMBER}}}",
    html="<p>{{{NAME}}}, {{{COUNT}}} of {{{THING|things}}}</p>",
    sender="Shop <shop@acme.example>",
    reply_to="help@acme.example",
    defaults={"COUNT": 1},
)
_MAIL: dict[str, Any] = {
    "to": "b@acme.example",
    "template": {"id": "order", "variables": {"NUMBER": 7, "NAME": "Ann", "EXTRA": "x"}},
}


async def _made(house: House, body: templates.Body = _BODY) -> templates.Template:
    new = templates.NewTemplate(slug="order", name="Order", syntax="triple", body=body)
    return await templates.create(house.core, await house.caller(), new)


async def _sent(house: House, mail: dict[str, Any]) -> dict[str, Any]:
    client = await house.client("resend")
    answer = await client.post("/emails", json=mail)
    assert 200 == answer.status_code, answer.text
    await house.settle()
    found: dict[str, Any] = (await client.get(f"/emails/{answer.json()['id']}")).json()
    return found


async def _refused(house: House, mail: dict[str, Any]) -> tuple[int, str]:
    client = await house.client("resend")
    body = (await client.post("/emails", json=mail)).json()
    return body["statusCode"], body["message"]


async def test_what_the_template_brings(house: House) -> None:
    """Sender, subject and reply address are the template's where the call has none; fallbacks fill in."""
    await _made(house)
    found = await _sent(house, _MAIL)
    assert ("Order 7", "<p>Ann, 1 of things</p>") == (found["subject"], found["html"])
    assert ("Shop <shop@acme.example>", ["help@acme.example"]) == (found["from"], found["reply_to"])
    assert "delivered" == found["last_event"]


async def test_the_call_wins(house: House) -> None:
    """What the call says stands before what the template says; it is found by its id too."""
    template = await _made(house)
    own = {"from": "a@acme.example", "subject": "Mine", "reply_to": "r@acme.example"}
    chosen = {"id": template.id, "variables": {"NAME": "Ann", "COUNT": 2.5}}
    found = await _sent(house, _MAIL | own | {"template": chosen})
    assert ("Mine", "<p>Ann, 2.5 of things</p>") == (found["subject"], found["html"])
    assert ("a@acme.example", ["r@acme.example"]) == (found["from"], found["reply_to"])


async def test_the_published_version_is_sent(house: House) -> None:
    """Later edits that are not published wait."""
    template = await _made(house)
    for text in ("<p>later</p>", "<p>latest</p>"):
        await templates.save(
            house.core, await house.caller(), template.id, templates.Body(html=text, published=False)
        )
    assert "<p>Ann, 1 of things</p>" == (await _sent(house, _MAIL))["html"]


@pytest.mark.parametrize(
    ("body", "mail", "expected"),
    [
        (templates.Body(html="h", published=False), _MAIL, (422, "The template is not published.")),
        (templates.Body(html="h", subject="s"), _MAIL, (422, "Missing `from` field.")),
        (templates.Body(html="h", sender="a@acme.example"), _MAIL, (422, "Missing `subject` field.")),
        (_BODY, {"template": {"id": "order"}}, (422, "Missing `to` field.")),
        (
            _BODY,
            _MAIL | {"template": {"id": "order", "variables": {"NUMBER": 7}}},
            (422, "Variable 'NAME' is used in the template but not defined in the variables list"),
        ),
        (
            _BODY,
            _MAIL | {"template": {"id": "order", "variables": {"EMAIL": "x"}}},
            (422, "Variable 'EMAIL' is reserved."),
        ),
        (
            _BODY,
            _MAIL | {"template": {"id": "order", "variables": {"a-b": "x"}}},
            (422, "Variable 'a-b' should only contain ASCII letters, numbers, or underscores."),
        ),
        (
            _BODY,
            _MAIL | {"template": {"id": "order", "variables": {"NAME": "x" * 2001}}},
            (422, "Variable 'NAME' must have at most 2000 characters."),
        ),
        (
            _BODY,
            _MAIL | {"template": {"id": "order", "variables": {"NAME": 2**53}}},
            (422, "Variable 'NAME' must be at most 9007199254740991."),
        ),
        (
            _BODY,
            _MAIL | {"template": {"id": "order", "variables": {"NAME": True}}},
            (422, "Invalid `template.variables[...]` field. Expected `int | float | str`, got `bool`"),
        ),
    ],
)
async def test_refused(
    house: House, body: templates.Body, mail: dict[str, Any], expected: tuple[int, str]
) -> None:
    """A template that cannot be sent as asked is refused, and nothing is kept."""
    await _made(house, body)
    assert expected == await _refused(house, mail)
    client = await house.client("resend")
    assert [] == (await client.get("/emails")).json()["data"]


async def test_in_a_batch(house: House) -> None:
    """An element of a batch may use a template as a single mail does."""
    await _made(house)
    client = await house.client("resend")
    answer = await client.post(
        "/emails/batch",
        json=[_MAIL, _MAIL | {"template": {"id": "no"}}],
        headers={"x-batch-validation": "permissive"},
    )
    assert 1 == len(answer.json()["data"])
    assert [{"index": 1, "message": "Template not found"}] == answer.json()["errors"]


async def test_the_link_to_unsubscribe_is_filled_for_each_recipient(house: House) -> None:
    """It needs no value of the caller's; reading the mail shows the placeholder, the letter has the link."""
    body = templates.Body(
        subject="s",
        html='<a href="{{{RESEND_UNSUBSCRIBE_URL}}}">out</a>',
        sender="a@acme.example",
        reply_to="",
    )
    await _made(house, body)
    found = await _sent(house, {"to": "b@acme.example", "template": {"id": "order"}})

    kept = await messages.get(house.core, await house.caller(), found["id"])
    told = parsed(await messages.source(house.core, kept))
    page = told.get_body(("html",))
    assert page is not None
    assert f'<a href="{told["List-Unsubscribe"].strip("<>")}">out</a>' == page.get_content().strip()
    assert '<a href="{{{RESEND_UNSUBSCRIBE_URL}}}">out</a>' == found["html"]
