"""The two tokens: one for a server, one for the whole account, each in a header of its own.

Source: Postmark developer docs, "Overview", authentication, read 2026-11. A token's value is compared without regard
to case; a token of the wrong kind is no token.
"""

from typing import Final
from uuid import uuid4

from core.core import Caller, Core
from core.credentials import identify
from core.errors import Forbidden, Unauthenticated
from dialects.dialect import KeyKind
from dialects.request import Request

_SERVER_HEADER: Final = b"x-postmark-server-token"
_ACCOUNT_HEADER: Final = b"x-postmark-account-token"
TEST_TOKEN: Final = "postmark_api_test"  # noqa: S105  # public, and folded
_TEST: Final = "test"


def _fold(token: str) -> str:
    return token.strip().lower()


def _mint(environment: str) -> str:
    # every sample is a UUID in lower case, version 4
    del environment
    return str(uuid4())


SERVER: Final = KeyKind(name="server", mint=_mint, fold=_fold, shown=True)
ACCOUNT: Final = KeyKind(name="account", mint=_mint, fold=_fold, account=True)


async def server_token(core: Core, request: Request) -> Caller:
    """The server that calls, or nobody's server for the public test token; raises Unauthenticated."""
    token = token_of(request)
    if token == TEST_TOKEN:
        return Caller(account_id="", kind=_TEST)
    return await _identify(core, token, SERVER)


def token_of(request: Request) -> str:
    """The server token that a request came with."""
    return _fold(request.header(_SERVER_HEADER) or "")


async def account_token(core: Core, request: Request) -> Caller:
    """The account that calls; raises Unauthenticated."""
    return await _identify(core, _fold(request.header(_ACCOUNT_HEADER) or ""), ACCOUNT)


async def _identify(core: Core, token: str, kind: KeyKind) -> Caller:
    try:
        caller = await identify(core, "postmark", token)
    except (Unauthenticated, Forbidden) as error:
        # missing, unknown, revoked and disabled are told alike
        raise Unauthenticated(kind=kind.name) from error
    if caller.kind != kind.name:
        raise Unauthenticated(kind=kind.name)
    return caller


def is_test(caller: Caller) -> bool:
    """Whether the call only wants its data checked: nothing is kept and nothing leaves."""
    return caller.kind == _TEST
