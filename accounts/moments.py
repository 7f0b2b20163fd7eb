"""Days and instants as a reader of English or French expects them."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date


def ordinal(value: date, language: str) -> str:
    """The day of the month; French has "1er" for the first."""
    return "1er" if language == "fr" and value.day == 1 else str(value.day)


def day_month(value: date, language: str) -> str:
    """ "16 November"."""
    return f"{ordinal(value, language)} {format_date(value, 'MMMM', locale=language)}"


def day(value: date, language: str) -> str:
    """ "16 November 2026"."""
    return f"{day_month(value, language)} {value.year}"


def moment(value: datetime, zone: ZoneInfo, language: str) -> str:
    """An instant in `zone`, which the page names elsewhere: "16 November 2026, 07:00"."""
    local = value.astimezone(zone)
    joint = " à " if language == "fr" else ", "
    return f"{day(local.date(), language)}{joint}{local:%H:%M}"


def instant(value: datetime, zone: ZoneInfo, language: str) -> str:
    """An instant in `zone`, which it names: "16 November 2026, 07:00 (Europe/Paris)"."""
    return f"{moment(value, zone, language)} ({zone.key})"


def weekday(value: date, language: str) -> str:
    """A day of about now, in short: "Sat 21 Nov"."""
    return str(format_date(value, "EEE d MMM", locale=language))
