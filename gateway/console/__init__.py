"""The console under /_/console: what was sent and what came in, to look at. It changes nothing."""

from gateway.console.door import Door, door
from gateway.console.routes import pages

__all__ = ["Door", "door", "pages"]
