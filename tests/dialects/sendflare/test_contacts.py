"""Contacts beyond the wires: values that do not fit, workspaces apart, saving at once."""

import asyncio

import pytest

from core.errors import Invalid
from dialects.sendflare.contacts import Save, Which


def _data(**data: object) -> dict[str, str]:
    return Save(app_id="a", email_address="b@example.com", data=data).change().properties


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"amount": "100.00"}, {"amount": "100.00"}),
        ({"amount": 100.0}, {"amount": "100"}),
        ({"amount": 12.50}, {"amount": "12.5"}),
        ({"amount": 7}, {"amount": "7"}),
        ({"amount": 1e-7}, {"amount": "0.0000001"}),
        ({"amount": None}, {"amount": ""}),
        ({"vipLevel": "2"}, {"vipLevel": "2"}),
        ({"vipLevel": -2}, {"vipLevel": "-2"}),
        ({"vipLevel": ""}, {"vipLevel": ""}),
        ({"vipLevel": None}, {"vipLevel": ""}),
        ({"birthday": "01/12"}, {"birthday": "01/12"}),
        ({"company": None}, {"company": ""}),
        ({"emailAddress": "x", "source": "y", "unheard": {}}, {}),
    ],
)
def test_values_are_kept_as_texts(given, kept):
    """Numbers as their shortest decimals; what cannot be set is ignored."""
    assert kept == _data(**given)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("vipLevel", "gold"),
        ("vipLevel", 1.5),
        ("vipLevel", True),
        ("vipLevel", "\u0661"),
        ("vipLevel", 10**4000),
        ("vipLevel", "1" * 16),
        ("amount", True),
        ("amount", [1]),
        ("amount", 10**4000),
        ("birthday", "x" * 33),
        ("firstName", 5),
    ],
)
def test_values_that_do_not_fit_are_refused(name, value):
    """The field is named."""
    with pytest.raises(Invalid) as caught:
        _data(**{name: value})

    assert name == caught.value.field


@pytest.mark.parametrize(("page", "size", "field"), [(0, 1, "page"), (2**31, 1, "page"), (1, 0, "pageSize")])
def test_pages_are_counted_from_one(page, size, field):
    """And end where 32 bits end."""
    with pytest.raises(Invalid) as caught:
        Which(app_id="a", page=page, page_size=size).request()

    assert field == caught.value.field


async def test_contacts_belong_to_their_app_and_workspace(house):
    """The same address in another app or workspace is another contact."""
    one, two = await house.client("sendflare"), await house.client("sendflare", workspace="other")
    await one.post("v1/contact", json={"appId": "a", "emailAddress": "x@example.com"})

    counts = [
        (await client.get("v1/contact", params={"appId": app})).json()["totalCount"]
        for client, app in ((one, "a"), (one, "b"), (two, "a"))
    ]

    assert [1, 0, 0] == counts


async def test_saving_at_once_makes_one_contact(house):
    """The first call of an SDK's example saves several at a time."""
    client = await house.client("sendflare")

    answers = await asyncio.gather(
        *(
            client.post(
                "v1/contact", json={"appId": "a", "emailAddress": "x@example.com", "data": {field: "1"}}
            )
            for field in ("firstName", "lastName", "company")
        )
    )

    page = (await client.get("v1/contact", params={"appId": "a"})).json()
    assert {200} == {answer.status_code for answer in answers}
    assert 1 == page["totalCount"]
    assert ["1", "1", "1"] == [page["list"][0][field] for field in ("firstName", "lastName", "company")]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "v1/contact?appId=%00"),
        ("DELETE", "v1/contact?appId=%00&emailAddress=a@b.cc"),
        ("GET", "v1/%00"),
    ],
)
async def test_no_text_of_a_request_is_a_crash(house, method, path):
    """An engine may not hold every character."""
    client = await house.client("sendflare")

    assert (await client.request(method, path)).status_code in (400, 404)
