"""What a syntax is to the runtime: a parser, its operations, and what it does with layouts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from jinja2 import nodes

from core.render import emit


@dataclass(kw_only=True)
class Include:
    """A place that another template's body goes into."""

    slug: str
    line: int
    hole: nodes.Scope
    optional: bool = False


@dataclass(kw_only=True)
class Block:
    """A named part that a child may replace; ``hole`` is where the child wants the replaced body."""

    slot: nodes.Scope
    hole: nodes.Scope | None = None


class Outline(msgspec.Struct, frozen=True, kw_only=True):
    """What a text says about itself: the variables it uses and needs, the templates it names."""

    names: frozenset[str]
    needs: frozenset[str]
    references: frozenset[str]
    takes_content: bool


@dataclass(kw_only=True)
class Unit:
    """One parsed text, not yet joined with those it names.

    ``needs`` are the names that must have a value, in a syntax where a missing one is not simply empty.
    """

    body: emit.Statements
    names: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    includes: list[Include] = field(default_factory=list)
    blocks: dict[str, Block] = field(default_factory=dict)
    extends: str = ""
    extends_line: int = 0
    takes_content: bool = False

    def outline(self) -> Outline:
        """What is worth keeping once it is compiled."""
        slugs = {include.slug for include in self.includes} | ({self.extends} if self.extends else set())
        return Outline(
            names=self.names,
            needs=self.needs,
            references=frozenset(slugs),
            takes_content=self.takes_content,
        )


class Syntax(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the table of syntaxes.

    ``parse`` gets the text and whether the part is HTML, and raises Flaw. ``layouts`` says whether a parent
    named from outside takes the child's output; ``bare_parent_wins`` what a parent does that has no place for
    it: stand alone, or be refused.
    """

    name: str
    parse: Callable[[str, bool], Unit]
    operations: Mapping[str, Callable[..., Any]]
    layouts: bool = False
    bare_parent_wins: bool = False
