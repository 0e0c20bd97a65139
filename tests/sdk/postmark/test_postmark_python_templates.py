"""Postmark's own Python client, its templates and bulk mail, with only its base address changed."""

import asyncio
from uuid import uuid4

import pytest
from postmark.clients.account_client import AccountClient
from postmark.clients.server_client import ServerClient
from postmark.exceptions import PostmarkAPIException
from postmark.models.templates import TemplateTypeFilter

from tests.conftest import Dev

pytestmark = pytest.mark.sdk


def _alias(name: str) -> str:
    return f"{name}-{uuid4().hex}"


async def test_a_template_is_made_and_changed(client: ServerClient) -> None:
    """Found, listed, and removed; all the keys that the client asks for are there."""
    alias = _alias("py")
    made = await client.templates.create(
        {"Name": "Receipt", "Alias": alias, "Subject": "s", "HtmlBody": "h", "TextBody": "t"}
    )
    layout = await client.templates.create(
        {"Name": "Frame", "HtmlBody": "<b>{{{@content}}}</b>", "TemplateType": "Layout"}
    )
    changed = await client.templates.edit(alias, {"LayoutTemplate": layout.alias, "Name": "Bill"})
    read = await client.templates.get(made.template_id)
    layouts = await client.templates.list(count=500, template_type=TemplateTypeFilter.LAYOUT)
    removed = await client.templates.delete(made.template_id)

    assert (alias, True) == (made.alias, made.active)
    assert ("Bill", layout.alias) == (changed.name, changed.layout_template)
    assert ("Bill", "s", "h", "t", alias) == (
        read.name, read.subject, read.html_body, read.text_body, read.alias,
    )  # fmt: skip
    assert layout.template_id in [each.template_id for each in layouts.items]
    assert f"Template {made.template_id} removed." == removed.message
    with pytest.raises(PostmarkAPIException) as caught:
        await client.templates.get(alias)
    assert (1101, 422) == (caught.value.error_code, caught.value.http_status)


async def test_a_template_is_tried(client: ServerClient) -> None:
    """What it would say, and what is wrong with it."""
    tried = await client.templates.validate({"HtmlBody": "{{a.b}}", "TextBody": "{{#each }}"})

    assert not tried.all_content_is_valid
    assert tried.html_body is not None
    assert tried.text_body is not None
    assert ("b_Value", None) == (tried.html_body.rendered_content, tried.text_body.rendered_content)
    assert 1 == tried.text_body.validation_errors[0].line
    assert {"a": {"b": "b_Value"}} == tried.suggested_template_model


async def test_sending_by_template(client: ServerClient) -> None:
    """Alone and in a batch."""
    alias = _alias("send")
    await client.templates.create({"Name": "n", "Alias": alias, "Subject": "For {{name}}", "TextBody": "t"})
    wish = {
        "From": "ann@example.org",
        "To": "bob@example.net",
        "TemplateAlias": alias,
        "TemplateModel": {"name": "Bob"},
    }

    sent = await client.outbound.send_with_template(wish)
    batch = await client.outbound.send_batch_with_template([wish, wish])
    details = await client.outbound.get(sent.message_id)

    assert ("OK", "For Bob") == (sent.message, details.subject)
    assert [0, 0] == [each.error_code for each in batch]
    with pytest.raises(PostmarkAPIException) as caught:
        await client.outbound.send_with_template(wish | {"TemplateAlias": "none"})
    assert 1101 == caught.value.error_code


async def test_bulk(client: ServerClient) -> None:
    """Accepted, and completed in the end."""
    sent = await client.outbound.send_bulk(
        {
            "From": "ann@example.org",
            "Subject": "Hi {{name}}",
            "TextBody": "t",
            "Messages": [
                {"To": f"{name}@example.net", "TemplateModel": {"name": name}} for name in ("a", "b")
            ],
        }
    )
    async with asyncio.timeout(60):
        while (held := await client.outbound.get_bulk_status(sent.id)).status != "Completed":  # noqa: ASYNC110  # another process makes it
            await asyncio.sleep(0.05)

    assert "Accepted" == sent.status
    assert (2, 100, "Hi {{name}}") == (held.total_messages, held.percentage_completed, held.subject)


async def test_push(client: ServerClient, dev: Dev) -> None:
    """To a server of the same account."""
    await client.templates.create({"Name": "n", "Alias": _alias("push"), "Subject": "s", "TextBody": "t"})
    async with AccountClient(dev.key("postmark", "account"), base_url=dev.url) as account:
        there = await account.server.create(name=_alias("push"))
        here = await client.server.get()
        wish = {
            "SourceServerID": str(here.id), "DestinationServerID": str(there.id), "PerformChanges": True,
        }  # fmt: skip
        done = await account.templates.push(wish)

    assert done.total_count == len(done.templates) > 0
    assert {"Create"} == {each.action for each in done.templates}
