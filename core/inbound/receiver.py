"""Whoever takes mail at addresses that are no workspace's: returned mail, complaints."""

from typing import Protocol

from core.core import Core


class Receiver(Protocol):
    """One kind of such addresses."""

    def owns(self, core: Core, address: str) -> bool:
        """Whether mail for an address is for it; asked before the mail comes, without looking into the store."""
        ...

    async def receive(self, core: Core, recipient: str, mail_from: str, content: bytes) -> bool:
        """Take a letter durably; False where it means nothing to it. Safe to repeat.

        ``mail_from`` is empty for the null sender. Raises StoreUnavailable.
        """
        ...
