"""Every filter by its name in a template."""

from collections.abc import Callable, Mapping
from typing import Any

from core.render.twig import dates, lists, texts

FILTERS: Mapping[str, Callable[..., Any]] = {**texts.FILTERS, **lists.FILTERS, **dates.FILTERS}

OPERATIONS: Mapping[str, Callable[..., Any]] = {f"filter_{name}": run for name, run in FILTERS.items()}
