"""A place in the tokens, and the questions a parser asks there."""

from core.render.runtime import Flaw
from core.render.twig.lexer import Token, lex


class Cursor:
    """Walks over the tokens of one text."""

    def __init__(self, text: str) -> None:
        self._tokens = lex(text)
        self._at = 0

    @property
    def token(self) -> Token:
        """The token that comes next."""
        return self._tokens[self._at]

    @property
    def line(self) -> int:
        """Its line."""
        return self._tokens[self._at].line

    def ahead(self, steps: int = 1) -> Token:
        """A later token, at most the last."""
        return self._tokens[min(self._at + steps, len(self._tokens) - 1)]

    def take(self) -> Token:
        """The token that comes next, passed over."""
        token = self._tokens[self._at]
        if token.kind != "end":
            self._at += 1
        return token

    def at(self, kind: str, *texts: str) -> bool:
        """Whether the next token is of that kind and, where texts are given, one of them."""
        token = self._tokens[self._at]
        return token.kind == kind and (not texts or token.text in texts)

    def accept(self, kind: str, *texts: str) -> bool:
        """Pass over the next token if it is that."""
        if found := self.at(kind, *texts):
            self._at += 1
        return found

    def expect(self, kind: str, *texts: str) -> Token:
        """The next token, which must be that. Raises Flaw."""
        if not self.at(kind, *texts):
            raise self.unexpected(" or ".join(f'"{text}"' for text in texts) or kind)
        return self.take()

    def unexpected(self, wanted: str = "") -> Flaw:
        """The refusal of the next token."""
        token = self.token
        shown = (
            f'"{token.text}"'
            if token.text
            else {"close": "end of tag", "end": "end of template"}.get(token.kind)
        )
        return Flaw(
            f"unexpected {shown or token.kind}" + (f", expected {wanted}" if wanted else ""), token.line
        )
