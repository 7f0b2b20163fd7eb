"""What is wrong with a value that somebody chose, by the field that holds it. No Django here: doors translate."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from decimal import Decimal, InvalidOperation

from campaigns.channels import gettext_noop

_ = gettext_noop
__all__ = ["Wrong", "fraction", "gettext_noop", "integer", "members", "pattern", "patterns", "word", "words"]
LONGEST = 255
MOST_PATTERNS = 100
# Digits of a share after the point.
PLACES = 6


class Wrong(Exception):
    """`field` cannot be so, because of `reason`, a text with places for `said`."""

    def __init__(self, field: str, reason: str, **said: object) -> None:
        super().__init__(field)
        self.field = field
        self.reason = reason
        self.said = said

    def why(self, translated: Callable[[str], str]) -> str:
        return translated(self.reason) % self.said

    def __str__(self) -> str:
        return f"{self.field} {self.reason % self.said}"


def word(field: str, said: object, known: Collection[str]) -> str:
    if not isinstance(said, str) or said not in known:
        raise Wrong(field, _("must be one of %(known)s"), known=", ".join(known))
    return said


def words(field: str, said: object, known: Collection[str]) -> list[str]:
    """At least one of `known`, each once, in their order."""
    if not isinstance(said, list) or not said:
        raise Wrong(field, _("must be a list of some of %(known)s"), known=", ".join(known))
    found = {word(f"{field}[{number}]", one, known) for number, one in enumerate(said)}
    return [one for one in known if one in found]


def integer(field: str, said: object, least: int, most: int) -> int:
    if not isinstance(said, int) or isinstance(said, bool) or not least <= said <= most:
        raise Wrong(field, _("must be a whole number from %(least)s to %(most)s"), least=least, most=most)
    return said


def fraction(field: str, said: object) -> str:
    """From 0 to 1, as an exact decimal."""
    try:
        found = Decimal(str(said)) if isinstance(said, str | int | float) and not isinstance(said, bool) else None
    except InvalidOperation:
        found = None
    if found is None or not found.is_finite() or not 0 <= found <= 1 or found != round(found, PLACES):
        raise Wrong(field, _("must be a number from 0 to 1 with at most %(places)s decimals, such as 0.35"), places=PLACES)
    return f"{found.normalize():f}"


def pattern(field: str, said: object) -> str:
    if not isinstance(said, str) or not 0 < len(said.strip()) <= LONGEST or "\0" in said:
        raise Wrong(field, _("must be a name of 1 to %(longest)s characters, with * for any others"), longest=LONGEST)
    return said.strip()


def patterns(field: str, said: object) -> list[str]:
    """Each once, in their order; none is an answer."""
    if not isinstance(said, list) or len(said) > MOST_PATTERNS:
        raise Wrong(field, _("must be a list of at most %(most)s names, with * for any characters"), most=MOST_PATTERNS)
    return list(dict.fromkeys(pattern(f"{field}[{number}]", one) for number, one in enumerate(said)))


def members(field: str, said: Mapping[str, object], known: Collection[str]) -> None:
    """No others."""
    if strange := [name for name in said if name not in known]:
        raise Wrong(f"{field}.{strange[0]}", _("is not known here; there are %(known)s"), known=", ".join(known))
