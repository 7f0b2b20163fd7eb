"""Which days a page is of, against which others, of what part of the company: all of it in its address, to be sent on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from rest_framework import serializers

from campaigns.channels import CHANNELS
from kpis.comparing import Compare, compared
from kpis.definitions import DEFINITIONS
from kpis.periods import ONE_DAY, Calendar, Grain, Period, is_whole_months, months_before
from kpis.serializers import CUSTOM, EARLIEST, LATEST, LONGEST_DAYS, MOST_NAMES
from kpis.slices import Only
from reports.cadence import named
from reports.content import Compared

FIRST_PAGE = 1
PARTS = ("channel", "campaign", "label")
# A page that a table goes on over as many.
MOST_PAGES = 10_000


class Preset(StrEnum):
    """Days that move on by themselves; all end with the last day that is over, or before it."""

    LAST_WEEK = "last_week"
    LAST_7 = "last_7_days"
    LAST_28 = "last_28_days"
    LAST_90 = "last_90_days"
    THIS_MONTH = "this_month"
    LAST_MONTH = "last_month"
    LAST_QUARTER = "last_quarter"
    THIS_YEAR = "this_year"
    LAST_12_MONTHS = "last_12_months"

    def days(self, yesterday: date, calendar: Calendar) -> Period:
        """What it means where `yesterday` is the last day that is over."""
        match self:
            case Preset.LAST_7 | Preset.LAST_28 | Preset.LAST_90:
                return Period(yesterday - timedelta(days=_DAYS[self] - 1), yesterday)
            case Preset.THIS_MONTH:
                return Period(yesterday.replace(day=1), yesterday)
            case Preset.THIS_YEAR:
                return Period(calendar.whole(yesterday, Grain.YEAR).since, yesterday)
            case Preset.LAST_12_MONTHS:
                last = _last_whole(yesterday, Grain.MONTH, calendar)
                return Period(months_before(last.since, 11), last.until)
            case _:
                return _last_whole(yesterday, _GRAINS[self], calendar)


_DAYS = {Preset.LAST_7: 7, Preset.LAST_28: 28, Preset.LAST_90: 90}
_GRAINS = {Preset.LAST_WEEK: Grain.WEEK, Preset.LAST_MONTH: Grain.MONTH, Preset.LAST_QUARTER: Grain.QUARTER}
USUAL = Preset.LAST_WEEK


def _last_whole(yesterday: date, grain: Grain, calendar: Calendar) -> Period:
    whole = calendar.whole(yesterday, grain)
    return whole if whole.until <= yesterday else calendar.whole(whole.since - ONE_DAY, grain)


class AskedSerializer(serializers.Serializer[Any]):
    """The parameters of a page's address; others, which mail programs and advertisers add, are none of its business."""

    period = serializers.CharField(required=False, max_length=24)
    to = serializers.DateField(required=False)
    compare = serializers.ChoiceField(choices=[*(one.value for one in Compare), CUSTOM], default=Compare.PREVIOUS.value)
    compare_from = serializers.DateField(required=False)
    compare_to = serializers.DateField(required=False)
    channel = serializers.MultipleChoiceField(choices=list(CHANNELS), required=False)
    campaign = serializers.ListField(child=serializers.CharField(allow_blank=True, max_length=255), required=False, max_length=MOST_NAMES)
    sort = serializers.ChoiceField(choices=["", "name", *DEFINITIONS], default="")
    desc = serializers.BooleanField(default=False)
    page = serializers.IntegerField(default=FIRST_PAGE, min_value=FIRST_PAGE, max_value=MOST_PAGES)

    def get_fields(self) -> dict[str, Any]:
        names = serializers.ListField(child=serializers.CharField(allow_blank=True, max_length=255), required=False, max_length=MOST_NAMES)
        return {**super().get_fields(), "from": serializers.DateField(required=False), "label": names}

    def validate_period(self, value: str) -> str:
        if value not in {preset.value for preset in Preset}:
            self._named(value)
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        _check_days(attrs, "from", "to")
        _check_days(attrs, "compare_from", "compare_to")
        if attrs["compare"] == CUSTOM and "compare_from" not in attrs:
            raise serializers.ValidationError({"compare_from": _("Say which days to compare with.")})
        return attrs

    @staticmethod
    def _named(value: str) -> None:
        try:
            period = named(value)
        except ValueError:
            message = _("There is no period called “%(value)s”.") % {"value": value}
            raise serializers.ValidationError(message) from None
        if period.since < EARLIEST or period.until > LATEST:
            raise serializers.ValidationError(_("Ask for days from %(first)s to %(last)s.") % {"first": EARLIEST, "last": LATEST})


def _check_days(attrs: Mapping[str, Any], first: str, last: str) -> None:
    """Both or none, in their order, and of a span that can be summed at once."""
    since, until = attrs.get(first), attrs.get(last)
    if since is None and until is None:
        return
    if since is None or until is None:
        raise serializers.ValidationError({first if since is None else last: _("Give the first and the last day.")})
    if until < since:
        raise serializers.ValidationError({last: _("The last day is before the first.")})
    if since < EARLIEST or until > LATEST:
        raise serializers.ValidationError({first: _("Ask for days from %(first)s to %(last)s.") % {"first": EARLIEST, "last": LATEST}})
    if (until - since).days >= LONGEST_DAYS:
        raise serializers.ValidationError({last: _("Ask for at most %(days)d days.") % {"days": LONGEST_DAYS}})


@dataclass(frozen=True)
class Asked:
    """What a page shows. `name`: of the period as the address has it, a preset or a key; "" for days of one's own.

    `errors`: what could not be understood, by parameter; the usual is shown instead.
    """

    name: str
    period: Period
    compared: Compared
    previous: Period
    only: Only
    sort: str
    desc: bool
    page: int
    errors: Mapping[str, str]
    # Further parameters of a page, which stay whatever days one goes to.
    also: tuple[tuple[str, str], ...] = ()

    @property
    def days(self) -> dict[str, str]:
        """The period and its comparison as pages of figures and the API take them."""
        found = {"from": self.period.since.isoformat(), "to": self.period.until.isoformat()}
        if self.compared == "last_year":
            return {**found, "compare": Compare.LAST_YEAR.value}
        if self.compared == "previous" and self.previous == self.period.previous:
            return {**found, "compare": Compare.PREVIOUS.value}
        return {**found, "compare": CUSTOM, "compare_from": str(self.previous.since), "compare_to": str(self.previous.until)}

    def query(self, without: Iterable[str] = (), **more: str) -> str:
        """The address' parameters, those named `without` left out, and `more`; what is usual is not written."""
        query = QueryDict(mutable=True)
        for name, values in self._parameters().items():
            if name not in without and name not in more:
                query.setlist(name, values)
        for name, value in more.items():
            if value:
                query[name] = value
        return query.urlencode()

    def figure_query(self) -> str:
        """The same days and part of the company, for the page of a figure."""
        query = QueryDict(mutable=True)
        query.update(self.days)
        for name, values in self._parts().items():
            query.setlist(name, values)
        return query.urlencode()

    def _parameters(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        if not self.name:
            found |= {"from": [str(self.period.since)], "to": [str(self.period.until)]}
        elif self.name != USUAL:
            found["period"] = [self.name]
        if self.compared == "custom":
            found |= {"compare": [CUSTOM], "compare_from": [str(self.previous.since)], "compare_to": [str(self.previous.until)]}
        elif self.compared != "previous":
            found["compare"] = [self.compared]
        found |= self._parts()
        if self.sort:
            found["sort"] = [self.sort]
        if self.desc:
            found["desc"] = ["true"]
        return found | {name: [value] for name, value in self.also}

    def _parts(self) -> dict[str, list[str]]:
        parts = {"channel": self.only.channels, "campaign": self.only.campaigns, "label": self.only.labels}
        return {name: list(values) for name, values in parts.items() if values}


def asked(given: QueryDict, today: date, calendar: Calendar) -> Asked:
    """What an address asks for, where `today` is the client's; the usual, with what is wrong, where it cannot be understood."""
    read = AskedSerializer(data=given)
    errors = {} if read.is_valid() else {name: str(problems[0]) for name, problems in read.errors.items()}
    if errors:
        read = AskedSerializer(data={})
        read.is_valid(raise_exception=True)
    found = read.validated_data
    name, period = _period(found, today - ONE_DAY, calendar)
    previous = _previous(found, period, calendar)
    only = Only(
        tuple(channel for channel in CHANNELS if channel in found.get("channel", ())),
        tuple(found.get("campaign", ())),
        tuple(found.get("label", ())),
    )
    return Asked(name, period, found["compare"], previous, only, found["sort"], found["desc"], found["page"], errors)


def _period(found: Mapping[str, Any], yesterday: date, calendar: Calendar) -> tuple[str, Period]:
    if "from" in found:
        return "", Period(found["from"], found["to"])
    name = found.get("period") or USUAL.value
    if name in {preset.value for preset in Preset}:
        return name, Preset(name).days(yesterday, calendar)
    return name, named(name).days


def _previous(found: Mapping[str, Any], period: Period, calendar: Calendar) -> Period:
    """Whole months are compared with as many whole months, other days with as many days."""
    if found["compare"] == CUSTOM:
        return Period(found["compare_from"], found["compare_to"])
    if found["compare"] == Compare.PREVIOUS and is_whole_months(period):
        months = (period.until.year - period.since.year) * 12 + period.until.month - period.since.month + 1
        return Period(months_before(period.since, months), period.since - ONE_DAY)
    return compared(period, Compare(found["compare"]), calendar)


def neighbours(period: Period, yesterday: date, calendar: Calendar) -> tuple[dict[str, str], dict[str, str]]:
    """The parameters of the days before and after, as many or the whole week, month or quarter; {} after what is over."""
    for grain in (Grain.WEEK, Grain.MONTH, Grain.QUARTER):
        if calendar.whole(period.since, grain) == period:
            before, after = calendar.whole(period.since - ONE_DAY, grain), calendar.whole(period.until + ONE_DAY, grain)
            break
    else:
        before = period.previous
        after = Period(period.until + ONE_DAY, period.until + timedelta(days=period.days))
    return _days(before), _days(after) if after.since <= yesterday else {}


def _days(period: Period) -> dict[str, str]:
    return {"from": period.since.isoformat(), "to": period.until.isoformat()}
