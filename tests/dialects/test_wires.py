"""Every golden wire of every dialect, on both engines."""

from pathlib import Path

import pytest

from tests import wire
from tests.house import House

_WIRES = sorted(Path(__file__).parent.glob("*/wire/*.wire"))


@pytest.mark.parametrize("path", _WIRES, ids=lambda path: f"{path.parent.parent.name}/{path.stem}")
async def test_wire(house: House, path: Path) -> None:
    """The server answers as the provider's documents say."""
    await wire.play(house, path.parent.parent.name, path)


@pytest.mark.parametrize(
    "path", sorted(Path(__file__).parent.glob("*/wire-verified/*.wire")), ids=lambda path: path.stem
)
async def test_wire_with_senders_checked(verified_house: House, path: Path) -> None:
    """The same where a sender must be known."""
    await wire.play(verified_house, path.parent.parent.name, path)
