"""How English and French name the period of a report, and how a sentence refers to it. Words are in the active language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cache

from babel.dates import format_date
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from reports import dates
from reports.cadence import named

_FORMS = {
    "week": re.compile(r"\d{4}-W\d{2}", re.ASCII),
    "fortnight": re.compile(r"\d{4}-W\d{2}-W\d{2}", re.ASCII),
    "month": re.compile(r"\d{4}-\d{2}", re.ASCII),
    "quarter": re.compile(r"\d{4}-Q\d", re.ASCII),
    # Of the client's own weeks and fiscal years, which have no number that others know.
    "days": re.compile(r"\d{4}-\d{2}-\d{2}(-P\dW|-P\dM)?", re.ASCII),
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
        return self._said(_("week %(week)d"), _("weeks %(first)d–%(week)d"), "%(month)s", _("Q%(quarter)d %(year)d"), "%(days)s")

    @property
    def within(self) -> str:
        """ "in week 46": when something came to its value."""
        return self._said(
            _("in week %(week)d"),
            _("in weeks %(first)d–%(week)d"),
            _("in %(month)s"),
            _("in Q%(quarter)d %(year)d"),
            pgettext("within", "over %(days)s"),
        )

    @property
    def on(self) -> str:
        """ "on week 46": after "up 6%"."""
        return self._said(
            _("on week %(week)d"),
            _("on weeks %(first)d–%(week)d"),
            _("on %(month)s"),
            _("on Q%(quarter)d %(year)d"),
            pgettext("after a change", "on %(days)s"),
        )

    @property
    def compared(self) -> str:
        """ "compared with week 46"."""
        return self._said(
            _("compared with week %(week)d"),
            _("compared with weeks %(first)d–%(week)d"),
            _("compared with %(month)s"),
            _("compared with Q%(quarter)d %(year)d"),
            _("compared with %(days)s"),
        )

    @property
    def and_compared(self) -> str:
        """ "and with week 46": after what is compared with another one."""
        return self._said(
            _("and with week %(week)d"),
            _("and with weeks %(first)d–%(week)d"),
            _("and with %(month)s"),
            _("and with Q%(quarter)d %(year)d"),
            _("and with %(days)s"),
        )

    @property
    def against_mean(self) -> str:
        """How a figure stands to the mean of the four periods before, to be filled with its `change` and that `value`."""
        return {
            "week": _("%(change)s on the mean of 4 weeks, %(value)s"),
            "fortnight": _("%(change)s on the mean of 4 fortnights, %(value)s"),
            "month": _("%(change)s on the mean of 4 months, %(value)s"),
            "quarter": _("%(change)s on the mean of 4 quarters, %(value)s"),
            "days": _("%(change)s on the mean of the 4 periods before, %(value)s"),
        }[self.form]

    @property
    def heading(self) -> str:
        """ "Week 46 · 9–15 November 2026"; a month needs no days."""
        name = self.name[:1].upper() + self.name[1:]
        return name if self.form in ("month", "days") else f"{name} · {self.days}"

    @property
    def days(self) -> str:
        return dates.days(self.since, self.until, self.language)

    def _said(self, week: str, fortnight: str, month: str, quarter: str, days: str) -> str:
        text = {"week": week, "fortnight": fortnight, "month": month, "quarter": quarter, "days": days}[self.form]
        year, number, _weekday = self.until.isocalendar()
        words = {
            "week": number,
            "first": self.since.isocalendar().week,
            "month": format_date(self.until, "MMMM y", locale=self.language),
            "quarter": (self.until.month - 1) // MONTHS_OF_A_QUARTER + 1,
            "year": year if self.form in _WEEKS else self.until.year,
            "days": self.days,
        }
        said = text % words
        return _("%(week)s of %(year)d") % {"week": said, "year": year} if self.with_year and self.form in _WEEKS else said


def key_name(key: str, language: str) -> str:
    """ "week 45 of 2026", "October 2026": an earlier period, by its key."""
    period = named(key)
    return Named(form(key), period.since, period.until, language, with_year=True).name


@cache
def bucket(key: str, language: str) -> str:
    """A tick of an axis: "W46", "Nov 26", "8 Nov"."""
    if form(key) == "week":
        return dates.short_week(key, language)
    return str(format_date(named(key).since, "d MMM" if form(key) == "days" else "MMM yy", locale=language))


def line(key: str, language: str) -> str:
    """ "Mon 9 Nov 2026", "Week 46", "November 2026": the head of a line."""
    if form(key) == "days":
        return str(format_date(named(key).since, "EEE d MMM y", locale=language))
    return Named(form(key), named(key).since, named(key).until, language).heading


def buckets(keys: tuple[str, ...], grain: str = "") -> str:
    """ "26 weeks", "13 months" or "28 days": how long a trend is. `grain` says so where the keys do not."""
    words = {"count": len(keys)}
    if grain == "day":
        return _("%(count)d days") % words
    return _("%(count)d months") % words if keys and form(keys[0]) == "month" else _("%(count)d weeks") % words
