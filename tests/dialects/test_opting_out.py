"""What each provider promises about the way out of a mail, from its API to the letter and back to its answers."""

from email import message_from_bytes, policy

import pytest

from core import messages, topics
from core.paging import PageRequest
from core.topics import NewTopic
from dialects.pufferpost.wire import shown

ANN = "ann@example.net"
POSTMARK = {"From": "a@acme.example", "To": ANN, "Subject": "s", "TextBody": "Hi"}
RESEND = {"from": "a@acme.example", "to": ANN, "subject": "s", "text": "Hi"}
PUFFERPOST = {"from": "a@acme.example", "to": ANN, "subject": "s", "text": "Hi"}


async def letter(house):
    """The newest letter, as a mail program reads it."""
    caller = await house.caller()
    (newest,) = (await messages.page(house.core, caller, messages.Filter(), PageRequest(limit=1))).items
    return message_from_bytes(await messages.source(house.core, newest), policy=policy.default)


async def sent(house, dialect, path, body):
    """Send it; the answer."""
    client = await house.client(dialect)
    answer = await client.post(path, json=body)
    await house.settle()
    return answer


@pytest.fixture
async def news(house):
    """A topic, which Ann does not want."""
    caller = await house.caller()
    made = await topics.create(house.core, caller, NewTopic(name="News", key="receipts"))
    await topics.choose(house.core, caller, made, ANN, "opt_out")
    return made


class TestPostmark:
    """Contract of the message API and of its user guide on unsubscribing."""

    async def test_a_broadcast_has_header_and_footer(self, house):
        """The service's own field, whatever the caller wrote."""
        own = [{"Name": "List-Unsubscribe", "Value": "<mailto:u@acme.example>"}]
        body = POSTMARK | {"MessageStream": "broadcast", "HtmlBody": "<p>Hi</p>", "Headers": own}
        assert 200 == (await sent(house, "postmark", "/email", body)).status_code

        told = await letter(house)
        (url,) = [each.strip("<>") for each in told.get_all("List-Unsubscribe")]
        assert "/_/u/" in url
        assert url in told.get_body(("html",)).get_content()
        assert url in told.get_body(("plain",)).get_content()

    async def test_a_placeholder_is_filled_on_any_stream(self, house):
        """As a link, and as the address within one."""
        html = '<a href="{{{ pm:unsubscribe_url }}}">x</a> {{{ pm:unsubscribe }}}'
        await sent(house, "postmark", "/email", POSTMARK | {"HtmlBody": html})

        told = await letter(house)
        url = told["List-Unsubscribe"].strip("<>")
        expected = f'<a href="{url}">x</a> <a href="{url}">Unsubscribe</a>'
        assert expected == told.get_body(("html",)).get_content().strip()

    async def test_what_is_transactional_is_left_alone(self, house):
        """The caller's own field passes."""
        own = [{"Name": "List-Unsubscribe", "Value": "<mailto:u@acme.example>"}]
        await sent(house, "postmark", "/email", POSTMARK | {"Headers": own})

        told = await letter(house)
        assert ["<mailto:u@acme.example>"] == told.get_all("List-Unsubscribe")
        assert "Hi" == told.get_content().strip()


class TestResend:
    """Contract of ``topic_id`` and of the placeholder."""

    async def test_a_topic_offers_a_way_out(self, house):
        """By its id."""
        made = await topics.create(house.core, await house.caller(), NewTopic(name="T"))
        assert 200 == (await sent(house, "resend", "/emails", RESEND | {"topic_id": made.id})).status_code

        assert "List-Unsubscribe=One-Click" == (await letter(house))["List-Unsubscribe-Post"]

    async def test_whoever_opted_out_gets_nothing(self, house, news):
        """The mail is accepted, and shows that it was not sent."""
        answer = await sent(house, "resend", "/emails", RESEND | {"topic_id": news.id})
        client = await house.client("resend")
        told = await client.get(f"/emails/{answer.json()['id']}")

        assert "suppressed" == told.json()["last_event"]

    @pytest.mark.parametrize("word", ["{{{RESEND_UNSUBSCRIBE_URL}}}", "{{{ UNSUBSCRIBE_URL }}}"])
    async def test_a_placeholder_is_filled(self, house, word):
        """And then the header has the same address; without it there is none."""
        await sent(house, "resend", "/emails", RESEND | {"text": f"Out: {word}"})
        told = await letter(house)
        assert f"Out: {told['List-Unsubscribe'].strip('<>')}" == told.get_content().strip()

        await sent(house, "resend", "/emails", RESEND)
        assert None is (await letter(house))["List-Unsubscribe"]


class TestPufferPost:
    """Contract of the one-click link and of unsubscribe groups."""

    async def test_every_mail_has_a_link(self, house):
        """In its header alone."""
        await sent(house, "pufferpost", "/v1/messages", PUFFERPOST)
        told = await letter(house)

        assert "/_/u/" in told["List-Unsubscribe"]
        assert "Hi" == told.get_content().strip()

    async def test_whoever_opted_out_of_the_group_is_refused(self, house, news):
        """By the group's slug as by its id."""
        for group in ("receipts", shown("grp", news.id)):
            answer = await sent(house, "pufferpost", "/v1/messages", PUFFERPOST | {"unsubscribeGroup": group})
            assert (422, "recipient_unsubscribed") == (
                answer.status_code,
                answer.json()["error"]["code"],
            )
        other = PUFFERPOST | {"to": "bob@example.net", "unsubscribeGroup": "receipts"}
        assert 202 == (await sent(house, "pufferpost", "/v1/messages", other)).status_code

    async def test_an_unknown_group_is_named_as_it_was_asked_for(self, house, news):
        """By the id that the caller wrote."""
        group = shown("grp", news.id.replace(news.id[0], "f", 1))
        answer = await sent(house, "pufferpost", "/v1/messages", PUFFERPOST | {"unsubscribeGroup": group})

        assert ("unknown_unsubscribe_group", f"There is no unsubscribe group {group}.") == (
            answer.json()["error"]["code"],
            answer.json()["error"]["message"],
        )
