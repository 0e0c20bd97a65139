"""Every filter by its name in a template."""

from collections.abc import Callable, Mapping
from typing import Any

from core.render.runtime import Scope
from core.render.source import Value
from core.render.twig import dates, lists, texts

FILTERS: Mapping[str, Callable[..., Any]] = {**texts.FILTERS, **lists.FILTERS, **dates.FILTERS}


def metered(run: Callable[..., Any]) -> Callable[..., Any]:
    """A filter or function whose time and whose result are counted."""

    def measured(scope: Scope, *arguments: Value, **named: Value) -> Value:
        scope.meter.tick()
        made: Value = run(scope, *arguments, **named)
        scope.meter.spend(made)
        return made

    return measured


OPERATIONS: Mapping[str, Callable[..., Any]] = {
    f"filter_{name}": metered(run) for name, run in FILTERS.items()
}
