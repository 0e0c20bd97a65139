"""The way back of a letter: whom an address names, and that nobody else can make one up."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import bounces, ids
from core.addresses import parse
from core.bounces.return_path import Origin, mail_from, origin
from core.tokens import Signer
from tests.core.post import draft
from tests.properties.test_delivery_states import of_states

HOST = "bounces.example"


@pytest.fixture
def returning(core):
    """Give a core whose mail comes back."""
    changed = {"return_host": HOST, "complaint_addresses": ("loop@isp-reports.example",)}
    object.__setattr__(core, "policy", msgspec.structs.replace(core.policy, **changed))
    return core


def message(count=1, **fields):
    """Give a message to some people, with an id of its own."""
    made = of_states(["queued"] * count)
    return msgspec.structs.replace(made, id=ids.new(), draft=draft(**fields))


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize(("count", "position"), [(1, 0), (2, None)])
async def test_an_address_names_its_delivery(returning, count, position):
    """One recipient is named; of several the message alone. The address fits every server, in any case."""
    sent = message(count)
    address = mail_from(returning, sent, sent.deliveries)

    assert address == parse(address).email
    assert len(address.partition("@")[0]) <= 64
    for form in (address, address.upper(), f"<{address}>"):
        assert Origin(sent.id, position) == origin(returning, form)
    assert bounces.owns(returning, address)


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_redirected_mail_names_nobody(returning):
    """Who refuses then is not the recipient."""
    sent = message(redirect_to=("target@example.net",))

    assert Origin(sent.id, None) == origin(returning, mail_from(returning, sent, sent.deliveries))


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_a_place_beyond_the_token(returning):
    """Its recipient is told by the report alone."""
    sent = message()
    far = msgspec.structs.replace(sent.deliveries[0], position=70_000)

    assert Origin(sent.id, None) == origin(returning, mail_from(returning, sent, [far]))


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_without_a_host_it_comes_back_to_the_author(core):
    """As long as nothing could be received."""
    sent = message()

    assert sent.draft.sender.email == mail_from(core, sent, sent.deliveries)


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize(
    ("address", "taken"),
    [
        ("abuse@bounces.example", True),
        ("FBL@Bounces.example", True),
        ("Loop@isp-reports.example", True),
        ("abuse@elsewhere.example", False),
        ("b+aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@bounces.example", False),
        ("b+@bounces.example", False),
        ("b+\xfc@bounces.example", False),
        ("anybody@bounces.example", False),
        ("abuse", False),
        ("", False),
    ],
)
async def test_what_is_taken(returning, address, taken):
    """Places for complaints, and no made-up return path."""
    assert taken == bounces.owns(returning, address)


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_nowhere_is_no_place_for_complaints(core):
    """Without a host of our own there is none that an address could be at."""
    assert not bounces.owns(core, "abuse@")


@pytest.fixture(scope="module")
def signer():
    """Give a signer without a store."""
    return Signer(b"secret")


@given(local=st.text(max_size=70))
def test_no_text_is_too_odd(signer, local):
    """Any address is one of ours or not."""

    class Holder:
        pass

    holder = Holder()
    holder.signer = signer  # type: ignore[attr-defined]
    assert origin(holder, f"b+{local}@x") is None  # type: ignore[arg-type]
