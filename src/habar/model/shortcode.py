"""Whose a subscriber's message is: the short code, then the longest keyword, then the default.

Guarantees: letter case, the way a letter with a mark is composed, and the width of white space make
no difference; a keyword is matched as whole words only; of several that fit, the longest wins, so
the order of the rules says nothing. Pure; takes any rule that has a code and a keyword.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from typing import Final, Generic, Protocol, TypeVar
from unicodedata import category, combining, normalize

_SHORT: Final = 500
"""Characters that are put in order quickly, whatever they are."""
_MOST_MARKS: Final = 30
"""On one letter: more than any language has use for (UAX 15, Stream-Safe Text Format)."""


class Owned(Protocol):
    """What a rule must have."""

    @property
    def code(self) -> str:
        """The short code, digits."""

    @property
    def keyword(self) -> str:
        """What the text begins with; "" for the short code's default customer."""


R = TypeVar("R", bound=Owned)


def fold(text: str) -> str:
    """The form in which texts and keywords are compared."""
    # Composed before folding for marks that fold by themselves, and after for those it takes apart.
    if len(text) > _SHORT and not text.isascii():
        text = "".join(_without_piles(text))
    folded = normalize("NFC", normalize("NFC", text).casefold())
    return " ".join(folded.split())


def _without_piles(text: str) -> Iterator[str]:
    """Leave off marks piled upon marks: putting n of them in order takes n * n steps."""
    for marks, run in groupby(text, lambda char: combining(char) != 0):
        yield from islice(run, _MOST_MARKS if marks else None)


def bare_code(code: str) -> str:
    """A short code without the `+` that some write before it."""
    return code.strip().removeprefix("+")


def behind(keyword: str, text: str) -> str:
    """What is left of a text, folded, behind the keyword that it begins with."""
    return fold(text)[len(fold(keyword)) :].strip()


class ShortCodes(Generic[R]):
    """All rules, ready to be asked."""

    def __init__(self, rules: Iterable[R] = ()) -> None:
        self._rules: dict[str, dict[str, R]] = {}
        for rule in rules:
            self._rules.setdefault(bare_code(rule.code), {})[fold(rule.keyword)] = rule
        self._lengths = {
            code: sorted({len(keyword) for keyword in keywords if keyword}, reverse=True)
            for code, keywords in self._rules.items()
        }

    def choose(self, code: str, text: str) -> R | None:
        """The rule for a text that came to a short code; None: it is nobody's."""
        code = bare_code(code)
        keywords = self._rules.get(code)
        if keywords is None:
            return None
        folded = fold(text)
        for length in self._lengths[code]:
            rule = keywords.get(folded[:length])
            if rule is not None and _ends_word(folded, length):
                return rule
        return keywords.get("")

    def exactly(self, code: str, keyword: str) -> R | None:
        """The rule of that keyword, which may be empty; None: there is none."""
        return self._rules.get(bare_code(code), {}).get(fold(keyword))


def _ends_word(text: str, end: int) -> bool:
    """Whether a word does not go on over this place; a sign such as # is a word of its own."""
    return end >= len(text) or not (_is_letter(text[end - 1]) and _is_letter(text[end]))


def _is_letter(char: str) -> bool:
    return char.isalnum() or char == "_" or category(char).startswith("M")
