"""The table of syntaxes: a new one is a module of its own and a row here."""

from core.render import mustachio, tokens, triple, twig
from core.render.runtime import Flaw
from core.render.syntax import Syntax

SYNTAXES: dict[str, Syntax] = {
    row.name: row for row in (twig.SYNTAX, tokens.SYNTAX, triple.SYNTAX, mustachio.SYNTAX)
}


def of(name: str) -> Syntax:
    """The row of that name. Raises Flaw."""
    if (row := SYNTAXES.get(name)) is None:
        raise Flaw(f'unknown template syntax "{name}"')
    return row
