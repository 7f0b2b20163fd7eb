"""What may be asked of what is behind a figure, and what is answered."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kpis.explain.number import LARGEST_PAGE, PAGE_SIZE
from kpis.query import By
from kpis.serializers import ComparedSerializer, DaysSerializer, Field, PeriodSerializer, SliceSerializer


class NumberQuerySerializer(SliceSerializer):
    """Which figure, and which of the rows behind it."""

    page = serializers.IntegerField(default=1, min_value=1, max_value=1_000_000)
    page_size = serializers.IntegerField(default=PAGE_SIZE, min_value=1, max_value=LARGEST_PAGE, help_text="Rows on a page.")
    format = serializers.ChoiceField(choices=["json", "csv"], required=False, help_text="csv: all rows, as a file for a spreadsheet.")


class ChangeQuerySerializer(ComparedSerializer):
    """Which figure, what it is compared with, and whose parts in the difference are asked for."""

    by = serializers.ChoiceField(choices=[By.CHANNEL.value, By.CAMPAIGN.value], default=By.CHANNEL.value)


class PageQuerySerializer(ChangeQuerySerializer):
    """What the page of a figure is asked: both at once."""

    page = serializers.IntegerField(default=1, min_value=1, max_value=1_000_000)


class OnlySerializer(serializers.Serializer[Any]):
    channels = serializers.ListField(child=serializers.CharField())
    campaigns = serializers.ListField(child=serializers.CharField())
    labels = serializers.ListField(child=serializers.CharField())


class MeasuredSerializer(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()
    value = serializers.CharField(allow_null=True, help_text="Exact decimal, or null.")
    reason = serializers.CharField(allow_null=True)
    rows = serializers.ChoiceField(
        choices=["listed", "not_divisible"], help_text="listed: below. not_divisible: its source tells the total alone."
    )


class DecidedSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    value = serializers.CharField()


class PullSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    file_name = serializers.CharField(allow_null=True, help_text="null: it was read from the platform.")


class LoadedSerializer(serializers.Serializer[Any]):
    family = serializers.CharField(help_text="Kind of facts.")
    days_loaded = serializers.IntegerField(help_text="On how many days everyone who tells of them has told.")
    days = serializers.IntegerField()
    last_day = serializers.DateField(allow_null=True)
    last_pull = PullSerializer(allow_null=True)


class _OfSourceSerializer(serializers.Serializer[Any]):
    def get_fields(self) -> dict[str, Field]:
        # `source` is an attribute of every field, so it cannot be one of the class.
        return {**super().get_fields(), "source": serializers.CharField(allow_blank=True)}


class TellerSerializer(_OfSourceSerializer):
    account = serializers.CharField()
    rows = serializers.IntegerField()
    pulls = serializers.IntegerField()
    last_pull_at = serializers.DateTimeField(allow_null=True)


class AmountSerializer(serializers.Serializer[Any]):
    amount = serializers.CharField(allow_null=True, help_text="As it was told, in the currency of the row; null: not reported.")
    value = serializers.CharField(allow_null=True, help_text="What it adds to the measure; null: not known, or without an exchange rate.")


class RowSerializer(_OfSourceSerializer):
    day = serializers.DateField()
    channel = serializers.CharField(allow_blank=True)
    campaign = serializers.CharField(allow_blank=True)
    account = serializers.CharField(allow_blank=True)
    reference = serializers.CharField(allow_blank=True, help_text="What the source calls it.")
    currency = serializers.CharField(allow_null=True, help_text="Of amounts of money; null where there are none.")
    rate = serializers.CharField(allow_null=True, help_text="What a unit of its currency is worth in the client's.")
    pull = PullSerializer(allow_null=True)
    measures = serializers.DictField(child=AmountSerializer())


class RowPagingSerializer(serializers.Serializer[Any]):
    page = serializers.IntegerField()
    page_size = serializers.IntegerField()
    pages = serializers.IntegerField()
    rows = serializers.IntegerField(help_text="On all pages.")


class MeantSerializer(serializers.Serializer[Any]):
    """The figure that is explained."""

    kpi = serializers.CharField()
    name = serializers.CharField()
    formula = serializers.CharField()
    version = serializers.IntegerField()
    unit = serializers.CharField()
    caveats = serializers.ListField(child=serializers.CharField())
    period = PeriodSerializer()
    only = OnlySerializer()
    value = serializers.CharField(allow_null=True, help_text="Exact decimal, or null.")
    reason = serializers.CharField(allow_null=True)


class NumberSerializer(MeantSerializer):
    provisional = serializers.BooleanField()
    days_loaded = serializers.IntegerField()
    days = serializers.IntegerField()
    until = serializers.DateField(
        allow_null=True,
        help_text="The last day it counts, where that is before the last one asked for: of later ones a part of what it is made of "
        "was not told yet.",
    )
    measures = MeasuredSerializer(many=True)
    choices = DecidedSerializer(many=True, help_text="What the client decided that the figure follows.")
    loaded = LoadedSerializer(many=True)
    tellers = TellerSerializer(many=True, help_text="Whose rows are behind it.")
    rows = RowSerializer(many=True)
    paging = RowPagingSerializer()


class EffectSerializer(serializers.Serializer[Any]):
    total = serializers.CharField()
    volume = serializers.CharField(help_text="Of what adds up: the difference of its own figures.")
    mix = serializers.CharField(help_text="Of a ratio: (s1 − s0) × (r0 − R0), its weight in the denominator changed.")
    rate = serializers.CharField(help_text="Of a ratio: s1 × (r1 − r0), its own ratio changed.")
    apart = serializers.CharField(help_text="Of a ratio: what it adds to the numerator where it has nothing of the denominator.")


class ShareSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(allow_blank=True)
    value = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    effect = EffectSerializer(allow_null=True)
    reason = serializers.CharField(allow_null=True, help_text="Why its effect is not known.")


class ChangeSerializer(MeantSerializer):
    """`reason` says why there are no effects."""

    compared = DaysSerializer()
    by = serializers.CharField()
    previous = serializers.CharField(allow_null=True)
    difference = serializers.CharField(allow_null=True)
    effect = EffectSerializer(allow_null=True, help_text="Of all groups together, which is the difference.")
    groups = ShareSerializer(many=True)
    sentences = serializers.ListField(child=serializers.CharField())
