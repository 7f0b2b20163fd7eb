"""How people write days, instants and numbers, turned into the one way the canonical format has.

A style turns text into canonical text; what that means and whether it is sensible is for `cells` to say.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from babel.dates import get_month_names

from campaigns.imports.faults import BadCell
from campaigns.imports.reasons import Reason


class DateStyle(StrEnum):
    ISO = "iso"  # 2026-11-09, also 2026/11/09
    COMPACT = "compact"  # 20261109
    DAY_FIRST = "day_first"  # 09/11/2026, 9.11.2026, 09-11-2026
    MONTH_FIRST = "month_first"  # 11/09/2026
    WORDS = "words"  # 9 nov. 2026, Nov 9, 2026, 9 novembre 2026, Monday, November 9, 2026


class NumberStyle(StrEnum):
    PLAIN = "plain"  # 1234.56
    POINT = "point"  # 1,234.56
    COMMA = "comma"  # 1 234,56 or 1.234,56


class Shape(StrEnum):
    """What kind of text a column holds, which is what a style is about."""

    TEXT = "text"
    DAY = "day"
    MONTH = "month"
    INSTANT = "instant"
    NUMBER = "number"
    RATE = "rate"  # a number that may be given as a percentage: 25 % is 0.25


EXAMPLES = {
    DateStyle.ISO: "2026-11-09",
    DateStyle.COMPACT: "20261109",
    DateStyle.DAY_FIRST: "09/11/2026",
    DateStyle.MONTH_FIRST: "11/09/2026",
    DateStyle.WORDS: "Nov 9, 2026",
    NumberStyle.PLAIN: "1234.56",
    NumberStyle.POINT: "1,234.56",
    NumberStyle.COMMA: "1 234,56",
}
LANGUAGES = ("en", "fr")
_DAYS = {
    DateStyle.ISO: r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})",
    DateStyle.COMPACT: r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})",
    DateStyle.DAY_FIRST: r"(?P<day>\d{1,2})[-/.](?P<month>\d{1,2})[-/.](?P<year>\d{4})",
    DateStyle.MONTH_FIRST: r"(?P<month>\d{1,2})[-/.](?P<day>\d{1,2})[-/.](?P<year>\d{4})",
    DateStyle.WORDS: (
        r"(?:[^\W\d]{2,9}\.?,? )?(?:(?P<day>\d{1,2})(?:er|st|nd|rd|th)? (?P<word>[^\W\d]{3,9})\.?,? "
        r"|(?P<word2>[^\W\d]{3,9})\.? (?P<day2>\d{1,2})(?:st|nd|rd|th)?,? )(?P<year>\d{4})"
    ),
}
_MONTHS = {
    DateStyle.ISO: r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})",
    DateStyle.COMPACT: r"(?P<year>\d{4})(?P<month>\d{2})",
    DateStyle.DAY_FIRST: r"(?P<month>\d{1,2})[-/.](?P<year>\d{4})",
    DateStyle.MONTH_FIRST: r"(?P<month>\d{1,2})[-/.](?P<year>\d{4})",
    DateStyle.WORDS: r"(?P<word>[^\W\d]{3,9})\.?,? (?P<year>\d{4})",
}
_TIME = (
    r"(?:(?:,? |T)(?:at |à )?(?P<hour>\d{1,2})[:h](?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,6})\d*)?)?"
    r" ?(?P<half>[AaPp])?(?(half)\.?[Mm]\.?)(?P<zone> ?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?)?"
)
_AS_DAY = {style: re.compile(pattern + _TIME, re.ASCII if style is not DateStyle.WORDS else 0) for style, pattern in _DAYS.items()}
_AS_MONTH = {style: re.compile(pattern, re.ASCII if style is not DateStyle.WORDS else 0) for style, pattern in _MONTHS.items()}
_RANGE = re.compile(r"\s+(?:-|–|—|to|au|until)\s+")
_NUMBERS = {
    NumberStyle.PLAIN: re.compile(r"-?(?:\d+(?:\.\d*)?|\.\d+)", re.ASCII),
    NumberStyle.POINT: re.compile(r"-?(?:\d{1,3}(?:[, ']\d{3})+|\d+|(?=\.))(?:\.\d*)?", re.ASCII),
    NumberStyle.COMMA: re.compile(r"-?(?:\d{1,3}(?:[. ']\d{3})+|\d+|(?=,))(?:,\d*)?", re.ASCII),
}
_MONEY_SIGN = re.compile(r"^(?:[A-Z]{2,3} ?)?(?:[^\W\d_]{0,2}\$|[€£¥₩₹₺₽₪₫฿₴₦])? ?|(?: ?(?:[€$£¥₩₹₺₽₪₫฿₴₦]|[A-Z]{3}|zł|kr\.?|Kč|Ft|lei))$")


def plain_spaces(text: str) -> str:
    """The text with every kind of space as one plain space, and none around it."""
    return " ".join(text.split())


def canonical(text: str, shape: Shape, dates: DateStyle, numbers: NumberStyle) -> str:
    """`text` as the canonical format writes it. Raises `BadCell`."""
    return _WAYS[shape](text, dates, numbers)


def _day(text: str, dates: DateStyle, numbers: NumberStyle) -> str:
    parts = _matched(_AS_DAY, text, dates)
    if parts["hour"] and int(parts["hour"]) + int(parts["minute"]) + int(parts["second"] or 0):
        raise BadCell(Reason.NOT_A_DAY_SO, example=EXAMPLES[dates])
    return _iso(parts)


def _instant(text: str, dates: DateStyle, numbers: NumberStyle) -> str:
    parts = _matched(_AS_DAY, text, dates)
    return _iso(parts) + _clock(parts)


def _month(text: str, dates: DateStyle, numbers: NumberStyle) -> str:
    short = _AS_MONTH[dates].fullmatch(plain_spaces(text))
    if short:
        return _iso(short.groupdict() | {"day": "1"})[:7]
    whole = _day(text, dates, numbers)
    if not whole.endswith("-01"):
        raise BadCell(Reason.NOT_A_MONTH)
    return whole[:7]


def _matched(patterns: dict[DateStyle, re.Pattern[str]], text: str, dates: DateStyle) -> dict[str, Any]:
    plain = plain_spaces(text)
    found = patterns[dates].fullmatch(plain)
    if found:
        return found.groupdict()
    if any(all(patterns[dates].fullmatch(half) for half in halves) for halves in _halves(plain)):
        raise BadCell(Reason.SEVERAL_DAYS)
    raise BadCell(Reason.NOT_A_DAY_SO, example=EXAMPLES[dates])


def _halves(text: str) -> list[list[str]]:
    halves = _RANGE.split(text)
    return [halves] if len(halves) == 2 else []


def _iso(parts: dict[str, Any]) -> str:
    word = parts.get("word") or parts.get("word2")
    month = _month_number(word) if word else int(parts["month"])
    return f"{parts['year']}-{month:02d}-{int(parts['day'] or parts['day2']):02d}"


def _clock(parts: dict[str, Any]) -> str:
    if not parts["hour"]:
        return ""
    hour = int(parts["hour"])
    if parts["half"]:
        if not 1 <= hour <= 12:
            raise BadCell(Reason.NOT_AN_INSTANT)
        hour = hour % 12 + (12 if parts["half"] in "Pp" else 0)
    fraction = f".{parts['fraction']:0<6}" if parts["fraction"] else ""
    return f"T{hour:02d}:{parts['minute']}:{parts['second'] or '00'}{fraction}{_offset(parts['zone'])}"


def _offset(zone: str | None) -> str:
    if not zone:
        return ""
    plain = zone.strip()
    if plain in {"Z", "UTC", "GMT"}:
        return "+00:00"
    return f"{plain[:3]}:{plain[-2:]}"


def _bare(word: str) -> str:
    """Lower case, without accents and dots: févr. and Fevr are one."""
    parts = unicodedata.normalize("NFKD", word.lower())
    return "".join(sign for sign in parts if not unicodedata.combining(sign) and sign != ".")


def _words_for_months() -> dict[str, int]:
    words = {"sept": 9}
    for language in LANGUAGES:
        for width in ("wide", "abbreviated"):
            words |= {_bare(name): number for number, name in get_month_names(width, locale=language).items()}
    return words


_MONTH_WORDS = _words_for_months()


def _month_number(word: str) -> int:
    try:
        return _MONTH_WORDS[_bare(word)]
    except KeyError:
        raise BadCell(Reason.NO_SUCH_DAY) from None


def _number(text: str, dates: DateStyle, numbers: NumberStyle) -> str:
    if "%" in text:
        raise BadCell(Reason.A_PERCENTAGE)
    return _bare_number(text, numbers)


def _rate(text: str, dates: DateStyle, numbers: NumberStyle) -> str:
    if not text.endswith("%"):
        return _bare_number(text, numbers)
    sign, digits = "", _bare_number(text[:-1].rstrip(), numbers)
    if digits.startswith("-"):
        sign, digits = "-", digits[1:]
    whole, _, decimals = digits.partition(".")
    whole = whole.rjust(3, "0")
    return f"{sign}{whole[:-2]}.{whole[-2:]}{decimals}"


def _bare_number(text: str, numbers: NumberStyle) -> str:
    """Digits, a point and a minus at most: without signs of money, spaces between thousands, or accountants' brackets."""
    if text.isascii() and text.isdecimal():
        return text
    plain = plain_spaces(text).replace("\N{MINUS SIGN}", "-").replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    negative = plain.startswith("(") and plain.endswith(")")
    plain = plain[1:-1] if negative else plain
    minus = plain.startswith("-")
    digits = _MONEY_SIGN.sub("", plain.lstrip("-").strip())
    digits = f"-{digits}" if minus else digits
    if not _NUMBERS[numbers].fullmatch(digits) or not any(sign.isdigit() for sign in digits):
        raise BadCell(Reason.NOT_A_NUMBER_SO, example=EXAMPLES[numbers])
    decimal = "," if numbers is NumberStyle.COMMA else "."
    whole, _, decimals = digits.partition(decimal)
    whole = "".join(sign for sign in whole if sign.isdigit() or sign == "-")
    if not whole.strip("-"):
        whole += "0"
    number = f"{whole}.{decimals}" if decimals else whole
    return f"-{number}" if negative and not number.startswith("-") else number


def _text(text: str, dates: DateStyle, numbers: NumberStyle) -> str:
    return text


_WAYS: dict[Shape, Callable[[str, DateStyle, NumberStyle], str]] = {
    Shape.TEXT: _text,
    Shape.DAY: _day,
    Shape.MONTH: _month,
    Shape.INSTANT: _instant,
    Shape.NUMBER: _number,
    Shape.RATE: _rate,
}
