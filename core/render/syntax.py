"""What a syntax is to the runtime: a parser, its operations, and what it does with layouts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import msgspec
from jinja2 import nodes

from core.render import emit
from core.render.source import Value


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with a text, and where: line and character count from 1, 0 where unknown.

    ``placeholder``: a layout has not its one place for content. ``rendering``: it parses, and cannot be rendered.
    """

    reason: str
    line: int = 0
    character: int = 0
    kind: Literal["syntax", "placeholder", "rendering"] = "syntax"


# everything wrong with a text, which may be a layout's
Faults: TypeAlias = Callable[[str, bool], Sequence[Fault]]
# a model for texts, each with what stands at its place for content
Suggest: TypeAlias = Callable[[Sequence[tuple[str, str]]], dict[str, Value]]


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

    ``needs`` are the names that must have a value, in a syntax where a missing one is not simply empty. ``content``
    is where a child's own statements can stand.
    """

    body: emit.Statements
    names: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    includes: list[Include] = field(default_factory=list)
    blocks: dict[str, Block] = field(default_factory=dict)
    extends: str = ""
    extends_line: int = 0
    takes_content: bool = False
    content: nodes.Scope | None = None

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
    named from outside takes the child's output, or, where it is ``inlaid``, the child itself, to be rendered in its
    place; ``bare_parent_wins`` what a parent does that has no place for
    it: stand alone, or be refused. ``faults`` and ``suggest`` are for those who review a template, in a syntax that
    knows more than the first thing that is wrong.
    """

    name: str
    parse: Callable[[str, bool], Unit]
    operations: Mapping[str, Callable[..., Any]]
    layouts: bool = False
    inlaid: bool = False
    bare_parent_wins: bool = False
    faults: Faults | None = None
    suggest: Suggest | None = None
