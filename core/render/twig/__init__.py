"""The Twig subset: expressions, filters, tests, control tags, inheritance, and Twig's own idea of values.

Behaviour follows the Twig 3 documentation (twig.symfony.com/doc/3.x) and PHP's rules for comparing and
printing. Left out and refused when a template is checked: macros, arrow functions, regular expressions,
dynamic template names.
"""

from core.render.syntax import Syntax
from core.render.twig import filters, functions, operators, scoping
from core.render.twig.tags import parse

SYNTAX = Syntax(
    name="twig",
    parse=parse,
    operations={
        f"twig.{name}": run
        for table in (scoping.OPERATIONS, operators.OPERATIONS, filters.OPERATIONS, functions.OPERATIONS)
        for name, run in table.items()
    },
)
