"""The account and the project behind a key.

Source: PostageApp knowledge base, "get_account_info" and "get_project_info", read 2026-11.
"""

from typing import Self

import msgspec

from core import accounts, stats
from dialects.endpoint import Call
from dialects.postageapp.wire import Plain, Success, project_url


class Volume(msgspec.Struct):
    """Emails accepted, by recipient."""

    today: int
    this_month: int
    overall: int

    @classmethod
    def of(cls, held: stats.Volume) -> Self:
        """Tell the counts."""
        return cls(today=held.today, this_month=held.this_month, overall=held.overall)


class Place(msgspec.Struct, kw_only=True):
    """An account or a project. ``users`` are people by email: this server knows keys and no people."""

    name: str
    url: str
    transmissions: Volume
    users: dict[str, str] = {}


class AccountInfo(msgspec.Struct):
    """The data of get_account_info."""

    account: Place


class ProjectInfo(msgspec.Struct):
    """The data of get_project_info."""

    project: Place


async def get_account_info(call: Call, body: Plain) -> Success:
    """The account, whose key or one of whose projects' keys was used."""
    held = await accounts.account(call.core, call.caller.account_id)
    name, number = (held.name, held.number) if held is not None else ("", 0)
    volume = await stats.volume(call.core, call.caller)
    place = Place(
        name=name,
        url=f"{call.core.policy.public_url}/accounts/{number}",
        transmissions=Volume.of(volume),
    )
    return body.answer(AccountInfo(place))


async def get_project_info(call: Call, body: Plain) -> Success:
    """The project whose key was used."""
    caller = call.caller
    volume = await stats.volume(call.core, caller, workspace_id=caller.workspace_id)
    place = Place(name=caller.workspace_name, url=project_url(call), transmissions=Volume.of(volume))
    return body.answer(ProjectInfo(place))
