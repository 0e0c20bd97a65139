"""Sessions that wait for their next message, and the end of those that waited or served long enough."""

import asyncio

from core.transport.session import Session


class Pool:
    """Keeps open sessions between messages. It opens none, and bounds none: who takes a session does."""

    def __init__(self, *, messages_per_connection: int, idle_s: float) -> None:
        """A session leaves after so many messages, or after ``idle_s`` without one."""
        self._messages_per_connection = messages_per_connection
        self._idle_s = idle_s
        self._loop = asyncio.get_running_loop()
        # the longest idle first; the last to come is the first to go, so that the others can leave
        self._idle: list[Session] = []
        self._leaving: set[asyncio.Future[None]] = set()
        self._sweep: asyncio.TimerHandle | None = None

    @property
    def is_empty(self) -> bool:
        """Whether no session waits."""
        return not self._idle

    def take(self) -> Session | None:
        """Hand out a session that is open as far as we know, if there is one."""
        while self._idle:
            session = self._idle.pop()
            if session.is_open:
                return session
        return None

    def give(self, session: Session) -> None:
        """Take a session back after a message; it stays, or leaves if it served enough."""
        if not session.is_open:
            return
        if session.transactions >= self._messages_per_connection:
            self._dismiss(session)
            return
        session.idle_since_s = self._loop.time()
        self._idle.append(session)
        if self._sweep is None:
            self._sweep = self._loop.call_later(self._idle_s, self._sweep_idle)

    def _sweep_idle(self) -> None:
        oldest_s = self._loop.time() - self._idle_s
        kept = [each for each in self._idle if each.is_open and each.idle_since_s > oldest_s]
        for session in self._idle:
            if session not in kept:
                self._dismiss(session)
        self._idle = kept
        self._sweep = None
        if kept:
            wait_s = kept[0].idle_since_s - oldest_s
            self._sweep = self._loop.call_later(wait_s, self._sweep_idle)

    def _dismiss(self, session: Session) -> None:
        session.leave()
        self._leaving.add(session.closed)
        session.closed.add_done_callback(self._leaving.discard)

    async def close(self) -> None:
        """Let every idle session leave, and wait until those that do have gone."""
        if self._sweep is not None:
            self._sweep.cancel()
        idle, self._idle = self._idle, []
        for session in idle:
            self._dismiss(session)
        if self._leaving:
            # bounded: a session aborts itself when its QUIT gets no answer
            await asyncio.wait(list(self._leaving))
