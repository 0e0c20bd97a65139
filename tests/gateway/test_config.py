import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import config
from gateway.config import Settings, SettingsError
from gateway.config.settings import INFO

CAPTURE = {"BABELPOST_TRANSPORT": "capture"}


def problems_of(environ, path=None):
    """Load settings that cannot be used, and tell why."""
    with pytest.raises(SettingsError) as caught:
        config.load(path, environ)
    return caught.value.problems


@pytest.fixture
def toml(tmp_path):
    """Give a function that writes a settings file and tells its path."""

    def write(text):
        path = tmp_path / "babelpost.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_defaults_need_a_relay_or_the_decision_to_send_nothing():
    """A server never starts that would swallow mail because nobody said where to send it."""
    (problem,) = problems_of({})

    assert problem.startswith("relay is needed")
    assert "smtp://" in problem
    assert Settings(transport="capture") == config.load(None, CAPTURE)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("port", "9000", 9000),
        ("allow_private_targets", "true", True),
        ("allow_private_targets", "0", False),
        ("key_pepper", "123", "123"),
        ("database", "postgresql://db/babelpost", "postgresql://db/babelpost"),
        ("relay", "smtp://user:secret@relay.example:587", "smtp://user:secret@relay.example:587"),
        ("dialects", '["resend", "postmark"]', ("resend", "postmark")),
        ("dns", '["192.0.2.1", "[::1]:5353"]', ("192.0.2.1", "[::1]:5353")),
        ("hosts", '{ resend = ["a.example", "b.example"] }', {"resend": ("a.example", "b.example")}),
        ("rate_limits", "{ resend = 0 }", {"resend": 0}),
        ("retry_schedule_s", "[1, 2]", (1, 2)),
    ],
)
def test_environment_is_text_turned_into_the_settings_type(name, text, expected):
    """Every kind of setting can be written in an environment variable."""
    settings = config.load(None, CAPTURE | {f"BABELPOST_{name.upper()}": text})

    assert expected == getattr(settings, name)


def test_file_is_read_and_environment_wins(toml):
    """What the environment says goes before what the file says."""
    path = toml('transport = "capture"\nport = 9000\nhost = "::1"\n[rate_limits]\nresend = 5\n')

    settings = config.load(path, {"BABELPOST_PORT": "9001"})

    assert (9001, "::1", {"resend": 5}) == (settings.port, settings.host, settings.rate_limits)


def test_file_can_be_named_in_the_environment(toml):
    """BABELPOST_CONFIG is a way to name the file."""
    path = toml('transport = "capture"\nport = 9000\n')

    assert 9000 == config.load(None, {"BABELPOST_CONFIG": str(path)}).port


def test_base_fills_what_nobody_said():
    """A command with other defaults states them as settings, and the operator still wins."""
    base = Settings(transport="capture", port=1, sender_policy="any")

    settings = config.load(None, {"BABELPOST_PORT": "2"}, base)

    assert (2, "any") == (settings.port, settings.sender_policy)


@pytest.mark.parametrize(
    ("variable", "nearest"),
    [
        ("BABELPOST_PROT", "BABELPOST_PORT"),
        ("BABELPOST_port", "BABELPOST_PORT"),
        ("BABELPOST_RELAY_URL", "BABELPOST_RELAY"),
        ("BABELPOST_CONFIG_FILE", "BABELPOST_CONFIG"),
    ],
)
def test_unknown_variable_is_refused_with_the_nearest_name(variable, nearest):
    """A misspelled variable is an error, not a default in silence."""
    assert (f"{variable} is no setting; did you mean {nearest}?",) == problems_of(CAPTURE | {variable: "1"})


def test_unknown_key_in_the_file_is_refused_with_the_nearest_name(toml):
    """The same holds for the file."""
    path = toml("leases = 5")

    assert (f"leases in {path} is no setting; did you mean lease_s?",) == problems_of(CAPTURE, path)


def test_variables_of_others_are_none_of_our_business():
    """Only names with our prefix are looked at."""
    assert Settings(transport="capture") == config.load(None, CAPTURE | {"PORT": "x", "BABELPOS_PORT": "x"})


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("port", "high", "TCP port"),
        ("port", "65536", "Expected `int` <= 65535"),
        ("port", "", "TCP port"),
        ("lease_s", "1.5", "seconds"),
        ("lease_s", "0", "Expected `int` >= 1"),
        ("in_flight_body_bytes", "64 MiB", "bytes"),
        ("allow_private_targets", "perhaps", "Example: true"),
        ("transport", "pigeon", "Invalid enum value 'pigeon'"),
        ("database", "mysql://db/x", "Example: postgresql://"),
        ("relay", "https://relay.example", "Example: smtp://"),
        ("relay", "smtp://relay.example\r\nX: y", "has not the right form"),
        ("message_host", "a.example\n", "has not the right form"),
        ("public_url", "mail.example", "Example: https://"),
        ("dialects", "resend", 'Example: ["resend", "postmark"]'),
        ("dialects", '["resend"]\nport = 1', "more than one value"),
        ("rate_limits", "{ resend = -1 }", "Expected `int` >= 0"),
        ("hosts", '{ resend = "a.example" }', "Expected `array`"),
        ("retry_schedule_s", "[]", "length >= 1"),
    ],
)
def test_wrong_value_is_refused_by_name_with_meaning_and_example(name, text, wanted):
    """A refusal says which setting, what it means and what would do."""
    variable = f"BABELPOST_{name.upper()}"

    (problem,) = problems_of(CAPTURE | {variable: text})

    assert problem.startswith(variable)
    assert wanted in problem
    assert "Example: " in problem


def test_types_in_the_file_are_strict(toml):
    """A number in quotes is a mistake in a file that has types."""
    path = toml('port = "8025"\ndialects = "resend"')

    assert [f"port in {path}", f"dialects in {path}"] == [
        problem.split(" is refused")[0] for problem in problems_of(CAPTURE, path)
    ]


def test_all_problems_are_told_at_once(toml):
    """Nobody has to start the server five times to find five mistakes."""
    path = toml("colour = 1\nlease_s = 0")

    problems = problems_of({"BABELPOST_PORT": "x", "BABELPOST_COLOUR": "1"}, path)

    assert 5 == len(problems)
    assert all(problem in str(SettingsError(problems)) for problem in problems)


@pytest.mark.parametrize("content", [b"port = = 1", b"\xff\xfe", None])
def test_file_that_cannot_be_read_is_named(tmp_path, content):
    """A broken or missing file is told with its path."""
    path = tmp_path / "gone.toml"
    if content is not None:
        path.write_bytes(content)

    (problem,) = problems_of(CAPTURE, path)

    assert problem.startswith(f"the file {path} cannot be read")


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("smtp://relay.example?conections=5", "unknown option 'conections'"),
        ("smtp://relay.example?connections=0", "a number from 1 to 10000"),
        ("smtps://relay.example?verify=maybe", "yes or no"),
        ("smtp://relay.example:99999", "a number from 1 to 65535"),
        ("smtp://hunter2@relay.example", "both a user name and a password"),
        ("smtp://user:pass?hunter2@relay.example", "written as %3F"),
        ("smtp://user:hunter2@relay\u2100.example", "cannot be read"),
    ],
)
def test_relay_is_read_whole_at_start(url, wanted):
    """A wrong option is told when the server starts, not when the first mail should leave; no secret is repeated."""
    (problem,) = problems_of({"BABELPOST_RELAY": url})
    with pytest.raises(SettingsError) as caught:
        config.load(None, {}, Settings(relay=url))

    assert (problem,) == caught.value.problems
    assert problem.startswith("relay cannot be used")
    assert wanted in problem
    assert "hunter2" not in problem


@pytest.mark.parametrize("proxy", ["10.0.0.1/8", "10.0.0", "2001:db8::/129"])
def test_a_proxy_that_is_no_address_is_told(proxy):
    """Nobody is believed by a slip of the pen, and nobody is forgotten by one."""
    (problem,) = problems_of(CAPTURE | {"BABELPOST_TRUSTED_PROXIES": f'["{proxy}"]'})

    assert problem.startswith("trusted_proxies cannot be used")


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"ROUTE": '["mx", "relay"]'}, "relay is needed, because a route names it"),
        ({"ROUTE": '["pigeon"]'}, "route names 'pigeon', which is no way out"),
        ({"TRANSPORT": "mx", "RELAYS": '{ mx = "smtp://relay.example" }'}, "relays cannot name one mx"),
        ({"TRANSPORT": "mx", "RELAYS": '{ b = "smtp://relay.example?x=y" }'}, "unknown option 'x'"),
        ({"TRANSPORT": "mx", "MX_SOURCES": '["1.2.3.4.5"]'}, "mx_sources cannot be used"),
    ],
)
def test_a_route_that_leads_nowhere_is_refused(values: dict[str, str], problem: str) -> None:
    """Every way that a route names is there, and can be gone."""
    with pytest.raises(SettingsError) as refused:
        config.load(None, {f"BABELPOST_{name}": text for name, text in values.items()})

    assert problem in str(refused.value)


def test_a_route_is_taken_in_place_of_the_transport() -> None:
    """It may name further relays; without one, the transport is the only way."""
    relays = '{ backup = "smtp://relay.example" }'
    chosen = config.load(None, {"BABELPOST_ROUTE": '["mx", "backup"]', "BABELPOST_RELAYS": relays})

    assert ("mx", "backup") == chosen.ways
    assert ("mx",) == config.load(None, {"BABELPOST_TRANSPORT": "mx"}).ways


def test_a_password_that_is_soon_guessed():
    """It opens everybody's mail; how long it has to be is told, and not what it was."""
    (problem,) = problems_of(CAPTURE | {"BABELPOST_CONSOLE_PASSWORD": "hunter2"})

    assert problem.startswith("console_password is too short: 12 characters at least")
    assert "hunter2" not in problem


@pytest.mark.parametrize("name", ["database", "relay"])
def test_refusals_do_not_repeat_a_secret(name):
    """A wrong URL may hold a password, and refusals end in logs."""
    (problem,) = problems_of(CAPTURE | {f"BABELPOST_{name.upper()}": "ftp://user:hunter2@host"})

    assert "hunter2" not in problem


def test_settings_print_without_their_secrets():
    """Settings may be logged or end in a traceback."""
    settings = Settings(
        key_pepper="hunter2",
        console_password="hunter2",
        relay="smtp://u:hunter2@host",
        database="postgresql://u:hunter2@db",
    )

    assert "hunter2" not in repr(settings)
    assert "port=8025" in repr(settings)


@pytest.mark.parametrize(
    ("given_settings", "expected"),
    [
        ({}, "http://127.0.0.1:8025"),
        ({"host": "0.0.0.0", "port": 80}, "http://127.0.0.1:80"),  # noqa: S104  # never listened on
        ({"host": "::"}, "http://[::1]:8025"),
        ({"host": "mail.example"}, "http://mail.example:8025"),
        ({"public_url": "https://mail.example/"}, "https://mail.example"),
    ],
)
def test_url_is_one_a_client_can_use(given_settings, expected):
    """The address in links and answers can be connected to, whatever we listen on."""
    assert expected == Settings(**given_settings).url


def test_dialects_that_do_not_exist_are_refused():
    """A setting for a dialect that does not exist would do nothing, so it is refused."""
    settings = Settings(dialects=("resend", "postmrk"), rate_limits={"x": 1}, hosts={"resend": ()})

    with pytest.raises(SettingsError) as caught:
        config.check_dialects(settings, ["postmark", "resend"])

    assert (
        "dialects names 'postmrk', which is no dialect; did you mean postmark?",
        "rate_limits names 'x', which is no dialect",
    ) == caught.value.problems
    config.check_dialects(Settings(), [])


def test_every_example_is_accepted():
    """An example in a refusal is one that works."""
    for name, info in INFO.items():
        (example,) = info.examples or []
        config.load(None, CAPTURE | {f"BABELPOST_{name.upper()}": example})


def test_explain_has_a_row_for_every_setting():
    """The table that the README embeds leaves nothing out."""
    table = config.explain()

    assert len(Settings.__struct_fields__) + 2 == len(table.splitlines())
    for name in Settings.__struct_fields__:
        assert f"| `{name}` | `BABELPOST_{name.upper()}` |" in table


@given(name=st.text(min_size=1), value=st.text())
def test_any_unknown_name_ends_in_a_refusal(name, value):
    """No name, however odd, makes the search for its nearest neighbour fail."""
    variable = f"BABELPOST_{name}"
    if name.lower() in Settings.__struct_fields__ or variable == config.CONFIG_VARIABLE:
        variable += "?"

    (problem,) = problems_of(CAPTURE | {variable: value})

    assert problem.startswith(f"{variable} is no setting")


@given(name=st.sampled_from(Settings.__struct_fields__), value=st.text())
def test_any_text_is_accepted_or_refused(name, value):
    """Whatever stands in a variable gives settings or a refusal, never a crash."""
    try:
        settings = config.load(
            None, CAPTURE | {"BABELPOST_RELAY": "smtp://r", f"BABELPOST_{name.upper()}": value}
        )
    except SettingsError as error:
        told = str(error)
    else:
        told = repr(settings)
        assert settings == msgspec.convert(msgspec.to_builtins(settings), Settings)

    assert name in told.lower()
