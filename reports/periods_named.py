"""How English and French name the period of a report, and how a sentence refers to it. Words are in the active language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from babel.dates import format_date
from django.utils.translation import gettext as _

from reports import dates

_FORMS = {
    "week": re.compile(r"\d{4}-W\d{2}", re.ASCII),
    "fortnight": re.compile(r"\d{4}-W\d{2}-W\d{2}", re.ASCII),
    "month": re.compile(r"\d{4}-\d{2}", re.ASCII),
    "quarter": re.compile(r"\d{4}-Q\d", re.ASCII),
}
_WEEKS = ("week", "fortnight")
MONTHS_OF_A_QUARTER = 3


def form(key: str) -> str:
    """ "week", "fortnight", "month" or "quarter" of a period's key. Raises `ValueError` for another key."""
    for name, pattern in _FORMS.items():
        if pattern.fullmatch(key):
            return name
    raise ValueError(f"{key!r} is no period of a report")


@dataclass(frozen=True)
class Named:
    """A period of one `form`, by its first and last day. `with_year`: a week says of which year it is, as months always do."""

    form: str
    since: date
    until: date
    language: str
    with_year: bool = False

    @property
    def name(self) -> str:
        """ "week 46", "weeks 45–46", "November 2026", "Q4 2026"."""
        return self._said(_("week %(week)d"), _("weeks %(first)d–%(week)d"), "%(month)s", _("Q%(quarter)d %(year)d"))

    @property
    def within(self) -> str:
        """ "in week 46": when something came to its value."""
        return self._said(_("in week %(week)d"), _("in weeks %(first)d–%(week)d"), _("in %(month)s"), _("in Q%(quarter)d %(year)d"))

    @property
    def on(self) -> str:
        """ "on week 46": after "up 6%"."""
        return self._said(_("on week %(week)d"), _("on weeks %(first)d–%(week)d"), _("on %(month)s"), _("on Q%(quarter)d %(year)d"))

    @property
    def compared(self) -> str:
        """ "compared with week 46"."""
        return self._said(
            _("compared with week %(week)d"),
            _("compared with weeks %(first)d–%(week)d"),
            _("compared with %(month)s"),
            _("compared with Q%(quarter)d %(year)d"),
        )

    @property
    def and_compared(self) -> str:
        """ "and with week 46": after what is compared with another one."""
        return self._said(
            _("and with week %(week)d"),
            _("and with weeks %(first)d–%(week)d"),
            _("and with %(month)s"),
            _("and with Q%(quarter)d %(year)d"),
        )

    @property
    def against_mean(self) -> str:
        """How a figure stands to the mean of the four periods before, to be filled with its `change` and that `value`."""
        return {
            "week": _("%(change)s on the mean of 4 weeks, %(value)s"),
            "fortnight": _("%(change)s on the mean of 4 fortnights, %(value)s"),
            "month": _("%(change)s on the mean of 4 months, %(value)s"),
            "quarter": _("%(change)s on the mean of 4 quarters, %(value)s"),
        }[self.form]

    @property
    def heading(self) -> str:
        """ "Week 46 · 9–15 November 2026"; a month needs no days."""
        name = self.name[:1].upper() + self.name[1:]
        return name if self.form == "month" else f"{name} · {self.days}"

    @property
    def days(self) -> str:
        return dates.days(self.since, self.until, self.language)

    def _said(self, week: str, fortnight: str, month: str, quarter: str) -> str:
        text = {"week": week, "fortnight": fortnight, "month": month, "quarter": quarter}[self.form]
        year, number, _weekday = self.until.isocalendar()
        words = {
            "week": number,
            "first": self.since.isocalendar().week,
            "month": format_date(self.until, "MMMM y", locale=self.language),
            "quarter": (self.until.month - 1) // MONTHS_OF_A_QUARTER + 1,
            "year": year if self.form in _WEEKS else self.until.year,
        }
        said = text % words
        return _("%(week)s of %(year)d") % {"week": said, "year": year} if self.with_year and self.form in _WEEKS else said


def key_name(key: str, language: str) -> str:
    """ "week 45 of 2026", "October 2026": an earlier period, by its key."""
    since, until = _span(key)
    return Named(form(key), since, until, language, with_year=True).name


def _span(key: str) -> tuple[date, date]:
    """Days that lie in the first and in the last week or month of a period."""
    kind, year = form(key), int(key[:4])
    if kind in _WEEKS:
        weeks = [int(number) for number in re.findall(r"W(\d{2})", key)]
        last = date.fromisocalendar(year, weeks[-1], 1)
        return last - timedelta(weeks=len(weeks) - 1), last
    month = int(key[5:]) if kind == "month" else int(key[6:]) * MONTHS_OF_A_QUARTER
    return date(year, month, 1), date(year, month, 1)


@cache
def bucket(key: str, language: str) -> str:
    """A tick of an axis: "W46", "Nov 26"."""
    if form(key) == "week":
        return dates.short_week(key, language)
    year, month = (int(part) for part in key.split("-"))
    return str(format_date(date(year, month, 1), "MMM yy", locale=language))


def buckets(keys: tuple[str, ...]) -> str:
    """ "26 weeks" or "13 months": how long a trend is."""
    words = {"count": len(keys)}
    return _("%(count)d months") % words if keys and form(keys[0]) == "month" else _("%(count)d weeks") % words
