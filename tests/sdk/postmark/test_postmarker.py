"""Postmarker, the client that many Python applications have, with only its base address changed."""

import time
from email.mime.text import MIMEText
from uuid import uuid4

import pytest
from postmarker.core import PostmarkClient
from postmarker.exceptions import ClientError
from postmarker.models.triggers import Tag

from tests.conftest import Dev

pytestmark = pytest.mark.sdk
_MAIL = {"From": "ann@example.org", "To": "bob@example.net", "Subject": "s", "HtmlBody": "<p>h</p>"}


@pytest.fixture
def client(dev: Dev) -> PostmarkClient:
    """A client of the running server."""
    return PostmarkClient(server_token=dev.key("postmark", "server"), root_api_url=dev.url + "/")


def test_send_and_read_back(client: PostmarkClient) -> None:
    """A mail with attachment and headers is sent, found and dumped."""
    tag = uuid4().hex

    sent = client.emails.send(
        **_MAIL,
        Tag=tag,
        Headers={"X-A": "b"},
        Metadata={"a": "b"},
        Attachments=[("a.txt", "aGVsbG8=", "text/plain")],
    )
    (found,) = client.messages.outbound.all(tag=tag, count=10)
    details = client.messages.outbound.get(sent["MessageID"])

    assert (0, "bob@example.net") == (sent["ErrorCode"], sent["To"])
    assert sent["MessageID"] == found.MessageID
    assert ("<p>h</p>", ["a.txt"]) == (details.HtmlBody, details.Attachments)
    assert "X-A: b" in found.get_dump()


def test_send_batch(client: PostmarkClient) -> None:
    """Dictionaries and mails of the standard library go together; a bad one is told in its place."""
    mime = MIMEText("t")
    mime["From"], mime["To"], mime["Subject"] = "ann@example.org", "bob@example.net", "s"

    sent = client.emails.send_batch(_MAIL, mime, _MAIL | {"To": "World"})

    assert [0, 0, 300] == [each["ErrorCode"] for each in sent]


@pytest.mark.parametrize(
    ("change", "code"), [({"To": "World"}, 300), ({"HtmlBody": None}, 300), ({"MessageStream": "x"}, 1235)]
)
def test_refusals(client: PostmarkClient, change: dict[str, str | None], code: int) -> None:
    """The client raises what the ErrorCode says."""
    with pytest.raises(ClientError) as caught:
        client.emails._send(**_MAIL | change)

    assert code == caught.value.error_code


def test_an_invalid_token(dev: Dev) -> None:
    """Code 10."""
    stranger = PostmarkClient(server_token=str(uuid4()), root_api_url=dev.url + "/")

    with pytest.raises(ClientError) as caught:
        stranger.emails.send(**_MAIL)

    assert 10 == caught.value.error_code


def test_the_test_token(dev: Dev) -> None:
    """What the client's own tests use is accepted, and nothing is kept."""
    client = PostmarkClient(server_token="POSTMARK_API_TEST", root_api_url=dev.url + "/")

    assert "Test job accepted" == client.emails.send(**_MAIL)["Message"]
    assert [] == client.messages.outbound.all(count=10)


def test_the_server(client: PostmarkClient) -> None:
    """It is read, and changed in one thing."""
    server = client.server.get()
    name = server.Name

    server.edit(TrackLinks="HtmlOnly", BounceHookUrl="https://example.com/bounce")
    changed = client.server.get()
    server.edit(TrackLinks="None", BounceHookUrl="")

    assert ("HtmlOnly", "https://example.com/bounce", name) == (
        changed.TrackLinks,
        changed.BounceHookUrl,
        changed.Name,
    )
    assert ("None", "") == (server.TrackLinks, server.BounceHookUrl)
    with pytest.raises(ClientError) as caught:
        client.server.edit(Color="pink")
    assert 607 == caught.value.error_code


def test_bounces(client: PostmarkClient) -> None:
    """A bounce is found, shown with its source, and its address taken into use again."""
    tag = uuid4().hex
    to = f"{tag}@bounce-testing.postmarkapp.com"
    sent = client.emails.send(**_MAIL | {"To": to}, Tag=tag, Headers={"X-PM-Bounce-Type": "HardBounce"})
    ends = time.monotonic() + 20
    while not (found := client.bounces.all(tag=tag, inactive=True)):
        assert time.monotonic() < ends
        time.sleep(0.02)

    (bounce,) = found
    assert (sent["MessageID"], "HardBounce", to) == (bounce.MessageID, bounce.Type, bounce.Email)
    assert "550 5.1.1" in bounce.dump
    assert "OK" == bounce.activate()
    assert not bounce.Inactive
    assert tag in client.bounces.tags
    assert client.bounces.deliverystats["Bounces"][0]["Count"] > 0


def test_templates(client: PostmarkClient) -> None:
    """A template is made, changed, tried, listed, sent by and removed."""
    alias = f"pm-er-{uuid4().hex}"

    template = client.templates.create(Name="n", Subject="For {{name}}", TextBody="t", Alias=alias)
    template.edit(Name="m")
    assert "o" == client.templates.edit(template.TemplateId, Name="o")["Name"]
    tried = client.templates.validate(Subject="{{name}}", TextBody="t", TestRenderModel={"name": "N"})
    sent = client.emails.send_with_template(
        TemplateId=template.TemplateId,
        TemplateModel={"name": "Bob"},
        From="ann@example.org",
        To="bob@example.net",
    )

    assert ("o", alias) == (client.templates.get(template.TemplateId).Name, template.Alias)
    assert ("o", "t") == ((held := template.get().as_dict())["Name"], held["TextBody"])
    assert "N" == tried["Subject"]["RenderedContent"]
    assert alias in [each.Alias for each in client.templates.all()]
    assert "For Bob" == client.messages.outbound.get(sent["MessageID"]).Subject
    assert f"Template {template.TemplateId} removed." == template.delete()
    assert not client.templates.get(template.TemplateId).Active
    other = client.templates.create(Name="n", Subject="s", TextBody="t")
    assert f"Template {other.TemplateId} removed." == client.templates.delete(other.TemplateId)


def test_triggers_of_tags(client: PostmarkClient) -> None:
    """Postmark has let go of them, and says so of every call."""
    tag = Tag(manager=client.triggers.tags, ID=1, MatchName="m")

    for ask in (
        client.triggers.tags.all,
        lambda: client.triggers.tags.create("m", TrackOpens=True),
        lambda: client.triggers.tags.get(1),
        lambda: client.triggers.tags.edit(1, "m"),
        lambda: client.triggers.tags.delete(1),
        tag.get,
        lambda: tag.edit(MatchName="n"),
        tag.delete,
    ):
        with pytest.raises(ClientError) as caught:
            ask()
        assert 404 == caught.value.error_code
