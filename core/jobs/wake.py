"""A nudge for workers of this process, so that new work does not wait for their next look."""

import asyncio


class Wake:
    """Set by whoever made work that is due; workers that sleep wait for it."""

    def __init__(self) -> None:
        """Nothing is due yet."""
        self._event = asyncio.Event()

    def set(self) -> None:
        """There is work."""
        self._event.set()

    async def wait(self, timeout_s: float) -> None:
        """Return when there is work, at the latest after ``timeout_s``."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._event.wait()
        except TimeoutError:
            return
        finally:
            self._event.clear()
