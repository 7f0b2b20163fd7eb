"""Reading answers that may say anything: what does not keep to the contract is refused, naming the field and what stood there."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from campaigns.connectors.errors import UnexpectedAnswer
from campaigns.records import LARGEST

ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
# Digits enough for every figure, too few for a number to be built that takes long to compute with.
NUMBER = re.compile(r"-?\d{1,25}(\.\d{1,25})?([eE][+-]?\d{1,2})?", re.ASCII)
# What advertising adds to addresses: it says who came, which other dimensions say, and would make every visit a page of its own.
TRACKING = re.compile(
    r"utm_\w+|gclid|gclsrc|gbraid|wbraid|gad_\w+|dclid|srsltid|fbclid|msclkid|ttclid|twclid|li_fat_id|igshid|yclid|epik|mc_[ce]id"
    r"|_hs\w+|hsa_\w+|__hs\w+|_gl|_ga|vero_id|mkt_tok|_kx",
    re.ASCII | re.IGNORECASE,
)
T = TypeVar("T")


class Answers:
    """Reads the answers of the platform that people know as `title`. Everything here raises `UnexpectedAnswer`."""

    def __init__(self, title: str) -> None:
        self.title = title

    def unexpected(self, field: str, value: object, reason: str = "") -> UnexpectedAnswer:
        """An error that names the field. Of an object or a list only that it is one is told: it may hold personal data, or our keys."""
        shown = "an object" if isinstance(value, dict) else "a list" if isinstance(value, list) else f"{value!r:.80}"
        because = f" ({reason})" if reason else ""
        return UnexpectedAnswer(f"{self.title} answered {field} = {shown}{because}.")

    def shaped(self, answer: Any, shape: type[T]) -> T:
        """The answer as the struct it is agreed to be."""
        try:
            return msgspec.convert(answer, shape)
        except msgspec.ValidationError as error:
            reason, _separator, path = str(error).partition(" - at ")
            raise self.unexpected(path.strip("`") or "a body", _at(answer, path), reason) from None

    def day(self, field: str, text: str) -> date:
        """A day written as 2026-11-20."""
        try:
            if not ISO_DAY.fullmatch(text):
                raise ValueError(text)
            return date.fromisoformat(text)
        except ValueError:
            raise self.unexpected(field, text) from None

    def within(self, field: str, day: date, since: date, until: date) -> date:
        """The day, if it is one of those that were asked for."""
        if not since <= day <= until:
            raise self.unexpected(field, day.isoformat(), f"asked for {since} to {until}")
        return day

    def instant(self, field: str, text: str) -> datetime:
        """An instant in ISO 8601 with its offset."""
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            raise self.unexpected(field, text) from None
        if at.tzinfo is None:
            raise self.unexpected(field, text, "no offset")
        return at

    def seconds(self, field: str, since_1970: int) -> datetime:
        """An instant written as seconds since 1970."""
        try:
            return datetime.fromtimestamp(since_1970, UTC)
        except (ValueError, OverflowError, OSError):
            raise self.unexpected(field, since_1970) from None

    def count(self, field: str, value: str | int, scale: int = 1) -> int:
        """A whole number from 0 up, as a number or as text, times `scale`."""
        text = str(value)
        if not re.fullmatch(r"[0-9]{1,19}", text) or int(text) * scale > LARGEST:
            raise self.unexpected(field, value)
        return int(text) * scale

    def exact(self, field: str, number: float | str, scaled: Callable[[Decimal], int]) -> int:
        """A decimal number, not negative, as `nano` or `millionths` have it.

        The shortest text of a double is the decimal number it was read from.
        """
        value = self.signed(field, number, scaled)
        if value < 0:
            raise self.unexpected(field, number)
        return value

    def signed(self, field: str, number: float | str, scaled: Callable[[Decimal], int]) -> int:
        """As `exact`, but the number may be negative."""
        text = str(number)
        try:
            if not NUMBER.fullmatch(text):
                raise ValueError(text)
            return scaled(Decimal(text))
        except (ArithmeticError, ValueError):
            raise self.unexpected(field, number) from None


def duration(text: str) -> float | None:
    """Seconds, from what Google writes as 30s or 1.5s."""
    return float(text[:-1]) if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?s", text) else None


def page_of(address: str) -> str:
    """A page as analytics name it: without scheme and host, and without what tracks people in its query string."""
    path, mark, query = address.partition("#")[0].partition("?")
    if "://" in path:
        path = "/" + path.partition("://")[2].partition("/")[2]
    kept = [part for part in query.split("&") if part and not TRACKING.fullmatch(part.partition("=")[0])]
    return f"{path}{mark}{'&'.join(kept)}" if kept else path


def _at(answer: Any, path: str) -> Any:
    """What stands at a path such as `$.results[3].metrics.clicks`; below a part that the path does not name, that part."""
    for name, index in re.findall(r"\.(\w+)|\[(\d+|\.\.\.)\]", path):
        if index == "...":
            return answer
        answer = answer[name] if name else answer[int(index)]
    return answer
