"""Days and weeks as a reader of English or French expects them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.moments import day, day_month, ordinal


def days(since: date, until: date, language: str) -> str:
    """A span of days, naming month and year once where they are the same."""
    if since == until:
        return day(since, language)
    if (since.year, since.month) == (until.year, until.month):
        start = ordinal(since, language)
    else:
        start = day(since, language) if since.year != until.year else day_month(since, language)
    if language == "fr":
        return f"du {start} au {day(until, language)}"
    joint = "–" if start.isdigit() else " – "
    return f"{start}{joint}{day(until, language)}"


def listed_days(values: Sequence[date], language: str) -> str:
    """ "3 November 2026, 12–13 November 2026": single days and runs of days, in order."""
    runs: list[list[date]] = []
    for value in sorted(values):
        if runs and (value - runs[-1][-1]).days == 1:
            runs[-1][-1] = value
        else:
            runs.append([value, value])
    return ", ".join(days(first, last, language) for first, last in runs)


def week_number(week: str) -> int:
    """46 of the ISO week "2026-W46"."""
    return int(week.partition("-W")[2])


def week(since: date, until: date, language: str) -> str:
    """ "Week 46 · 9–15 November 2026" of the ISO week that begins on `since`."""
    with override(language):
        name = _("Week %(number)d") % {"number": since.isocalendar().week}
    return f"{name} · {days(since, until, language)}"


def short_week(key: str, language: str) -> str:
    """ "W46", "S46": a tick of an axis."""
    with override(language):
        return _("W%(number)d") % {"number": week_number(key)}
