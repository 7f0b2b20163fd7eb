"""What may be asked of KPIs, by a program or at the command line, and what is answered."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.conf import settings
from rest_framework import serializers

from campaigns.channels import CHANNELS
from kpis.comparing import Compare
from kpis.definitions import DEFINITIONS, Direction, Unit
from kpis.listing import BY_KEY, LARGEST_PAGE, PAGE_SIZE, Listing
from kpis.periods import Period
from kpis.query import By, Question
from kpis.slices import Only

LONGEST_DAYS = 3_660
EARLIEST, LATEST = date(1900, 1, 1), date(2200, 12, 31)
CUSTOM = "custom"
# Of one question, the names of campaigns or labels.
MOST_NAMES = 500

Field = serializers.Field[Any, Any, Any, Any]


class AskedSerializer(serializers.Serializer[Any]):
    """The parameters of an address: none but those it has, and each once, unless it takes several."""

    def to_internal_value(self, data: Any) -> Any:
        errors = {name: [f"There is no such parameter. There are: {', '.join(self.fields)}."] for name in data if name not in self.fields}
        if hasattr(data, "getlist"):
            errors |= {name: ["Give it once."] for name, field in self.fields.items() if self._is_repeated(data.getlist(name), field)}
        if errors:
            raise serializers.ValidationError(errors)
        return super().to_internal_value(data)

    @staticmethod
    def _is_repeated(values: Iterable[str], field: Field) -> bool:
        return len(list(values)) > 1 and not isinstance(field, serializers.MultipleChoiceField | serializers.ListField)


def _day(help_text: str, *, required: bool = True) -> serializers.DateField:
    return serializers.DateField(help_text=help_text, required=required)


def _names(help_text: str) -> Field:
    return serializers.ListField(
        child=serializers.CharField(allow_blank=True, max_length=255), required=False, max_length=MOST_NAMES, help_text=help_text
    )


class SliceSerializer(AskedSerializer):
    """A period and what part of it is meant. Days are of the client's calendar, both included."""

    to = _day("Last day, YYYY-MM-DD.")
    channel = serializers.MultipleChoiceField(choices=list(CHANNELS), required=False, help_text="Only of these channels.")
    campaign = _names("Only of these campaigns, by name; empty: of none.")

    def get_fields(self) -> dict[str, Field]:
        # `from` is a keyword of Python and `label` an attribute of every field, so they cannot be attributes of the class.
        labels = _names("Only of campaigns with one of these labels; empty: with none.")
        return {"from": _day("First day, YYYY-MM-DD."), **super().get_fields(), "label": labels}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        _check("from", attrs["from"], "to", attrs["to"])
        return attrs

    @property
    def period(self) -> Period:
        return Period(self.validated_data["from"], self.validated_data["to"])

    @property
    def only(self) -> Only:
        asked = self.validated_data
        return Only(
            tuple(channel for channel in CHANNELS if channel in asked.get("channel", ())),
            tuple(asked.get("campaign", ())),
            tuple(asked.get("label", ())),
        )


class ComparedSerializer(SliceSerializer):
    """And what it is compared with."""

    compare = serializers.ChoiceField(
        choices=[*(compare.value for compare in Compare), CUSTOM],
        default=Compare.PREVIOUS.value,
        help_text="previous: as many days before. last_year: whole months with the same months, whole weeks with those 364 days "
        "earlier, else the same dates, and the 29th of February with the 28th. custom: compare_from to compare_to.",
    )
    compare_from = _day("First day to compare with, where compare is custom.", required=False)
    compare_to = _day("Last day to compare with, where compare is custom.", required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        super().validate(attrs)
        days = ("compare_from", "compare_to")
        if attrs["compare"] != CUSTOM:
            if given := [name for name in days if name in attrs]:
                raise serializers.ValidationError(dict.fromkeys(given, f"Only where compare is {CUSTOM}."))
            return attrs
        if missing := [name for name in days if name not in attrs]:
            raise serializers.ValidationError(dict.fromkeys(missing, f"Needed where compare is {CUSTOM}."))
        _check("compare_from", attrs["compare_from"], "compare_to", attrs["compare_to"])
        return attrs

    @property
    def compared(self) -> Compare | Period:
        asked = self.validated_data
        return Period(asked["compare_from"], asked["compare_to"]) if asked["compare"] == CUSTOM else Compare(asked["compare"])


class KpiQuerySerializer(ComparedSerializer):
    """What may be asked."""

    by = serializers.ChoiceField(
        choices=[by.value for by in By],
        required=False,
        help_text="What the groups are of. Weeks, quarters and years begin as the client chose. A campaign counts in each of its labels.",
    )
    kpi = serializers.MultipleChoiceField(choices=list(DEFINITIONS), required=False, help_text="Slugs; all if none is given.")
    sort = serializers.ChoiceField(
        choices=[BY_KEY, *DEFINITIONS], default=BY_KEY, help_text="Order of the groups: their key, or a KPI, those without a value last."
    )
    desc = serializers.BooleanField(default=False, help_text="The greatest, or latest, first.")
    page = serializers.IntegerField(default=1, min_value=1, max_value=1_000_000)
    page_size = serializers.IntegerField(default=PAGE_SIZE, min_value=1, max_value=LARGEST_PAGE, help_text="Groups on a page.")
    format = serializers.ChoiceField(choices=["json", "csv"], required=False, help_text="Instead of an Accept header.")

    @property
    def slugs(self) -> list[str]:
        """The KPIs that were asked for, in the order of their definitions."""
        asked = self.validated_data.get("kpi")
        return [slug for slug in DEFINITIONS if not asked or slug in asked]

    @property
    def question(self) -> Question:
        asked = self.validated_data
        sorted_by = [] if asked["sort"] in (BY_KEY, *self.slugs) else [asked["sort"]]
        by = By(asked["by"]) if "by" in asked else None
        return Question(self.period, by, tuple(self.slugs + sorted_by), self.compared, self.only)

    @property
    def listing(self) -> Listing:
        asked = self.validated_data
        return Listing(asked["sort"], asked["desc"], asked["page"], asked["page_size"])


def _check(first: str, since: date, last: str, until: date) -> None:
    if since < EARLIEST:
        raise serializers.ValidationError({first: f"Ask for days from {EARLIEST} on."})
    if until > LATEST:
        raise serializers.ValidationError({last: f"Ask for days until {LATEST}."})
    if until < since:
        raise serializers.ValidationError({last: f"The period ends ({until}) before it begins ({since})."})
    if (until - since).days >= LONGEST_DAYS:
        raise serializers.ValidationError({last: f"Ask for at most {LONGEST_DAYS} days."})


class FigureSerializer(serializers.Serializer[Any]):
    value = serializers.CharField(allow_null=True, help_text="Exact decimal, or null.")
    reason = serializers.CharField(allow_null=True, help_text="Why the value is null.")
    unit = serializers.ChoiceField(choices=[unit.value for unit in Unit])
    previous = serializers.CharField(allow_null=True, help_text="The same KPI in the period it is compared with.")
    previous_reason = serializers.CharField(allow_null=True, help_text="Why there is nothing to compare with.")
    provisional = serializers.BooleanField(help_text="Whether it may still change by itself: some conversions come late.")
    days_loaded = serializers.IntegerField(help_text="On how many days everyone has told all that it is made of.")
    days = serializers.IntegerField(help_text="Days asked for.")
    until = serializers.DateField(
        allow_null=True,
        help_text="The last day it counts, where that is before the last one asked for: of later ones a part of what it is made of "
        "was not told yet.",
    )
    target = serializers.CharField(
        allow_null=True, help_text="What the company, or the channel, aims at in these days; null of campaigns, labels and parts of them."
    )


class DaysSerializer(serializers.Serializer[Any]):
    to = serializers.DateField()

    def get_fields(self) -> dict[str, Field]:
        return {"from": serializers.DateField(), **super().get_fields()}


class PeriodSerializer(DaysSerializer):
    timezone = serializers.CharField()
    currency = serializers.CharField()


class GroupSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(
        help_text="Day, week such as 2026-W46, month 2026-11, quarter 2026-Q4, year, slug of a channel, name of a campaign or label; "
        "a week, quarter or year of the client's own calendar by its first day; empty: of what has no campaign or label."
    )
    period = DaysSerializer()
    compared = DaysSerializer(allow_null=True)
    kpis = serializers.DictField(child=FigureSerializer())


class PagingSerializer(serializers.Serializer[Any]):
    page = serializers.IntegerField()
    page_size = serializers.IntegerField()
    pages = serializers.IntegerField()
    groups = serializers.IntegerField(help_text="On all pages.")


class KpiAnswerSerializer(serializers.Serializer[Any]):
    period = PeriodSerializer()
    compared = DaysSerializer()
    by = serializers.CharField(allow_null=True)
    kpis = serializers.DictField(child=FigureSerializer())
    groups = GroupSerializer(many=True)
    paging = PagingSerializer()


class LanguageSerializer(AskedSerializer):
    lang = serializers.ChoiceField(choices=settings.LANGUAGES, required=False, help_text="Instead of an Accept-Language header.")


class PartSerializer(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()


class EntrySerializer(serializers.Serializer[Any]):
    slug = serializers.CharField()
    chapter = serializers.CharField()
    name = serializers.CharField()
    short = serializers.CharField(help_text="For the head of a column.")
    formula = serializers.CharField()
    unit = serializers.ChoiceField(choices=[unit.value for unit in Unit])
    direction = serializers.ChoiceField(choices=[direction.value for direction in Direction], help_text="up: more is better.")
    caveats = serializers.ListField(child=serializers.CharField(), help_text="What to know before comparing it with other figures.")
    version = serializers.IntegerField(help_text="Grows when the formula does.")
    is_additive = serializers.BooleanField(help_text="Whether the figures of parts add up to that of the whole.")
    measures = PartSerializer(many=True, help_text="What it is made of.")
