"""Mustachio: ``{{path}}``, sections that scope, invert or repeat, and paths without any look outwards.

Behaviour follows the open engine of ActiveCampaign (github.com/ActiveCampaign/mustachio, with its tests), read 2026-11.
Against Mustache: a section does not repeat, names are looked up in the current place alone, an inverted section is
within the value that is not there, lines of tags are not trimmed, and there are no partials, lambdas or other
delimiters.
"""

from core.render.mustachio.checking import faults, is_reserved, suggest
from core.render.mustachio.statements import OPERATIONS, parse
from core.render.syntax import Syntax

__all__ = ["SYNTAX", "is_reserved"]

SYNTAX = Syntax(
    name="mustachio",
    parse=parse,
    operations=OPERATIONS,
    layouts=True,
    inlaid=True,
    faults=faults,
    suggest=suggest,
)
