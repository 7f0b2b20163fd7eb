"""What may be asked of cohorts, by a program, at the command line or on the page, and what is answered."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from campaigns.channels import CHANNELS
from kpis.customers.cohorts import Shown
from kpis.listing import LARGEST_PAGE, PAGE_SIZE
from kpis.query import By
from kpis.serializers import AskedSerializer, PeriodSerializer, SliceSerializer
from kpis.slices import Only

# Months of cohorts that the page offers.
SPANS = ("6", "12", "24", "36")


def _shown() -> serializers.ChoiceField:
    return serializers.ChoiceField(
        choices=[shown.value for shown in Shown],
        default=Shown.ACTIVE.value,
        help_text="active: the share of the cohort that ordered or had a subscription in that month. revenue, margin: money per customer "
        "of the cohort up to the end of that month.",
    )


class CohortQuerySerializer(SliceSerializer):
    """Which cohorts: those of the months that the days `from` to `to` are in."""

    shown = _shown()
    by = serializers.ChoiceField(
        choices=[By.CHANNEL.value, By.CAMPAIGN.value], required=False, help_text="Each cohort by what acquired its customers."
    )
    page = serializers.IntegerField(default=1, min_value=1, max_value=1_000_000)
    page_size = serializers.IntegerField(default=PAGE_SIZE, min_value=1, max_value=LARGEST_PAGE, help_text="Cohorts on a page.")
    format = serializers.ChoiceField(choices=["json", "csv"], required=False, help_text="Instead of an Accept header.")

    @property
    def by_what(self) -> By | None:
        asked = self.validated_data.get("by")
        return By(asked) if asked else None


class CohortPageSerializer(AskedSerializer):
    """What the page is asked: the cohorts of the last months."""

    shown = _shown()
    channel = serializers.ChoiceField(choices=list(CHANNELS), required=False, allow_blank=True)
    months = serializers.ChoiceField(choices=SPANS, default="12")

    @property
    def only(self) -> Only:
        channel = self.validated_data.get("channel")
        return Only(channels=(channel,)) if channel else Only()


class CellSerializer(serializers.Serializer[Any]):
    age = serializers.IntegerField(help_text="Calendar months from that of the acquisition, which is 0.")
    value = serializers.CharField(allow_null=True, help_text="Exact decimal, or null.")
    reason = serializers.CharField(allow_null=True, help_text="Why the value is null; not_yet_observed: that month is not over.")


class CohortSerializer(serializers.Serializer[Any]):
    month = serializers.CharField(help_text="In which its customers were acquired, such as 2026-11.")
    key = serializers.CharField(allow_blank=True, help_text="Slug of the channel or name of the campaign; empty: all, or none.")
    size = serializers.IntegerField(help_text="Customers.")
    cells = CellSerializer(many=True)


class CohortTotalSerializer(serializers.Serializer[Any]):
    """Of all cohorts, those on other pages too."""

    size = serializers.IntegerField()
    cells = CellSerializer(many=True, help_text="At each age, of the cohorts that have reached it: sums are divided, not shares averaged.")


class CohortPagingSerializer(serializers.Serializer[Any]):
    page = serializers.IntegerField()
    page_size = serializers.IntegerField()
    pages = serializers.IntegerField()
    cohorts = serializers.IntegerField(help_text="On all pages.")


class CohortAnswerSerializer(serializers.Serializer[Any]):
    period = PeriodSerializer()
    shown = serializers.ChoiceField(choices=[shown.value for shown in Shown])
    unit = serializers.CharField(help_text="fraction or money, as `shown` has it.")
    by = serializers.CharField(allow_null=True)
    cohorts = CohortSerializer(many=True)
    total = CohortTotalSerializer()
    paging = CohortPagingSerializer()
