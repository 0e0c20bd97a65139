"""What an operator can mend is told in words, with a way out, and never as a traceback."""

import asyncio
import json
import socket
from contextlib import contextmanager

import pytest

from gateway.__main__ import main
from gateway.commands import serve

ANY_PORT = ("--port", "0", "--smtp-port", "0", "--inbound-port", "0")


@pytest.fixture
def told(monkeypatch, capsys, tmp_path):
    """Run a command in an empty folder that is bound to fail; what it says."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BABELPOST_DATABASE", "sqlite:///own.db")

    def run(*words, code=1, **settings):
        for name, value in settings.items():
            monkeypatch.setenv(f"BABELPOST_{name}", value)
        monkeypatch.setattr("sys.argv", ["babelpost", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        output = "".join(capsys.readouterr())
        assert code == ended.value.code, output
        return output

    return run


@pytest.mark.parametrize("words", [("keys", "list"), ("migrate",), ("dev", *ANY_PORT)])
@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("file/below.db", "file"),
        ("folder", "Is a directory"),
        ("file", "file is not a database"),
    ],
)
def test_a_file_that_cannot_hold_the_data(told, tmp_path, words, path, reason):
    """A folder that cannot be made, a folder where the file should be, a file of something else."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"something else" * 100)
    output = told(*words, DATABASE=f"sqlite:///{path}")
    assert f"babelpost: {path} cannot be opened: " in output
    assert reason in output
    assert output.endswith("Name a file in a folder where this process may write.\n")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://someone@127.0.0.1:1/x", "cannot be reached: "),
        ("postgresql://someone:se/cret@127.0.0.1/x", "address cannot be read"),
    ],
)
def test_a_postgresql_that_is_not_there(told, url, reason):
    """The reason, and which setting to look at; nothing of a password."""
    output = told("keys", "list", DATABASE=url)
    assert reason in output
    assert "BABELPOST_DATABASE" in output
    assert "cret" not in output
    assert "'se'" not in output
    assert 1 == output.count("\n")


@pytest.mark.parametrize("content", ["{", '{"url":"u","keys":{"resend":5}}', "[]"])
def test_a_broken_dev_json(told, tmp_path, content):
    """It says which file to delete, since the keys in it are the user's to give up."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "dev.json").write_text(content)
    output = told("dev", *ANY_PORT)
    assert "Error: var/dev.json cannot be read: " in output
    assert "Delete it" in output


def test_a_folder_for_dev_json_that_cannot_be_made(told, tmp_path):
    """The database may be elsewhere; the folder is still needed for the keys."""
    (tmp_path / "file").touch()
    output = told("dev", *ANY_PORT, "--data", "file/var")
    assert "Choose another folder with --data." in output


@pytest.mark.parametrize(
    "words", [("dev", "--port", "{port}", "--smtp-port", "0", "--inbound-port", "0"), ("serve",)]
)
def test_a_port_in_use(told, words):
    """The setting is named, and the option of the one command that has it."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        output = told(*(word.format(port=port) for word in words), PORT=port, TRANSPORT="capture")
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in output
    assert "Choose another with BABELPOST_PORT (of babelpost dev: --port)." in output


def test_a_host_that_is_not_ours(told):
    """Another port would not help."""
    output = told("dev", *ANY_PORT, HOST="192.0.2.1")
    assert "BABELPOST_HOST" in output
    assert "--port" not in output


def test_a_template_in_another_encoding(told, tmp_path):
    """Which file, and which encoding is wanted."""
    (tmp_path / "latin.html").write_bytes("Grüße".encode("latin-1"))
    output = told("templates", "put", "hello", "--syntax", "twig", "--html", "latin.html", code=2)
    assert "latin.html is not UTF-8" in output


@pytest.mark.parametrize("name", ["", "not a domain", "two@example.org", "a@", "localhost", "*.example.org"])
def test_a_domain_that_is_none(told, name):
    """Nothing is trusted that no address can have."""
    assert "is no domain name" in told("domains", "trust", name)


def test_a_database_that_cannot_be_measured(told):
    """The bench tells what the server said."""
    output = told("bench", "accept", "--database", "mysql://x")
    assert "DATABASE has not the right form" in output


def test_help_keeps_its_lines(told):
    """The three first commands stand below each other."""
    output = told("--help", code=0)
    assert "\n  Run it for real: " in output


def test_dev_writes_its_files_apart_from_its_database(told, tmp_path, monkeypatch):
    """A database of the user's own leaves the data folder to be made for the keys."""

    @contextmanager
    def stopped():
        event = asyncio.Event()
        event.set()
        yield event

    monkeypatch.setattr(serve, "stoppable", stopped)
    told("dev", *ANY_PORT, "--data", "new/var", code=0)
    written = json.loads((tmp_path / "new" / "var" / "dev.json").read_text())
    assert "resend" in written["keys"]
    assert written["inbound_smtp"].startswith("smtp://127.0.0.1:")
    assert written["inbound_address"].endswith("@inbound.example")
    assert f"{written['url']}/_/console" == written["console"]
    shell = (tmp_path / "new" / "var" / "dev.env").read_text()
    assert f"export INBOUND_ADDRESS={written['inbound_address']}\n" in shell
    assert f"export INBOUND_SMTP={written['inbound_smtp']}\n" in shell


def test_suppressions_are_added_listed_and_let_go(told):
    """What an operator stopped, an operator lets go; an address that is not stopped is named."""
    told("suppressions", "add", "Gone@Example.net", code=0)
    told("suppressions", "add", "news@example.net", "--stream", "broadcast", code=0)
    listed = told("suppressions", "list", code=0).splitlines()
    assert ["gone@example.net", "(all)", "manual", "admin"] == listed[0].split()[:4]
    assert ["news@example.net", "broadcast", "manual", "admin"] == listed[1].split()[:4]
    told("suppressions", "release", "gone@example.net", code=0)
    assert 1 == len(told("suppressions", "list", code=0).splitlines())
    assert "No such suppression" in told("suppressions", "release", "gone@example.net")


@pytest.mark.parametrize("command", ["add", "release"])
def test_only_an_address_is_suppressed(told, command):
    """A slip of the pen would stop nobody's mail, in silence."""
    assert "gone is no email address" in told("suppressions", command, "gone", code=2)
    assert "" == told("suppressions", "list", code=0)


def test_suppressions_have_the_form_of_recipients(told):
    """A domain in letters of its own is kept as mail is addressed to it, a name is left out."""
    told("suppressions", "add", "Bob <Bob@Bücher.example>", code=0)
    assert told("suppressions", "list", code=0).startswith("bob@xn--bcher-kva.example ")
    told("suppressions", "release", "bob@bücher.example", code=0)


def test_one_address_can_be_trusted_alone(told):
    """Its domain is not."""
    assert "may send from ann@example.org" in told("domains", "confirm", "Ann <ann@example.org>", code=0)
    assert "" == told("domains", "list", code=0)
    assert "is no address" in told("domains", "confirm", "ann@", code=2)


def test_hosts_for_a_dialect_that_is_left_out(told):
    """A host name that nobody would answer for is refused at the start."""
    output = told(
        "serve",
        TRANSPORT="capture",
        DIALECTS='["resend"]',
        HOSTS='{ postmark = ["pm.example.com"] }',
        PORT="0",
        SMTP_PORT="0",
        INBOUND_SMTP_PORT="0",
    )
    assert "hosts names 'postmark', which dialects leaves out" in output


def test_what_a_workspace_tracks_is_said_and_changed(told):
    """Nothing unless somebody says so; what is not named stays."""
    assert "default: opens off, links none\n" == told("tracking", code=0)
    assert "default: opens on, links none\n" == told("tracking", "--opens", code=0)
    assert "default: opens on, links both\n" == told("tracking", "--links", "both", code=0)
    assert "default: opens off, links both\n" == told("tracking", "--no-opens", code=0)
    assert "shop: opens off, links none\n" == told("tracking", "--workspace", "shop", code=0)
    shown = told("tracking", "--domain", "Bücher.example", "--opens", code=0)
    assert "default: opens off, links both\n  xn--bcher-kva.example: opens on, links both\n" == shown
    assert "is no domain name" in told("tracking", "--domain", "a@b", "--opens")


def test_domains_for_mail_that_comes_in(told):
    """They are added, listed beside the workspace's own address, and taken away; each has one owner."""
    host = {"INBOUND_HOST": "in.example"}
    assert "Mail for *.shop.example goes to default" in told(
        "inbound", "add", "*.shop.example", code=0, **host
    )
    own, name = told("inbound", "list", code=0).splitlines()
    assert ("in.example", "*.shop.example") == (own.partition("@")[2], name)
    assert "goes to another workspace" in told("inbound", "add", "*.shop.example", "--workspace", "other")
    assert "babelpost: " in told("inbound", "add", "localhost")
    assert "refused from now on" in told("inbound", "remove", "*.Shop.example", code=0)
    assert "babelpost: " in told("inbound", "remove", "*.shop.example")


def test_topics_come_and_go(told):
    """With what holds for whoever has not chosen; a key is taken once, and what is gone cannot go again."""
    first = told("topics", "add", "News", "--key", "news", "--public", code=0).strip()
    second = told("topics", "add", "Offers for friends", "--opt-out", code=0).strip()
    listed = told("topics", "list", code=0).splitlines()
    assert [
        f"{second}  {second}  opt_out  private  Offers for friends",
        f"{first}  news  opt_in  public  News",
    ] == listed
    assert "The topic news exists." in told("topics", "add", "Again", "--key", "news")
    told("topics", "remove", "news", code=0)
    assert "No such topic" in told("topics", "remove", "news")
    told("topics", "remove", second, code=0)
    assert "" == told("topics", "list", code=0)
