"""An application that hears what it is told."""

from collections.abc import AsyncIterator

import pytest

from tests.consumer import Consumer


@pytest.fixture
async def consumer() -> AsyncIterator[Consumer]:
    """A real socket."""
    async with Consumer() as made:
        yield made
