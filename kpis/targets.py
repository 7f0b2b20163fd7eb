"""What KPIs were aimed at: targets are set by month, and hold for any days by their share of it."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cached_property

from django.db import connection

from accounts.models import Client
from campaigns.aims import SPENT
from campaigns.channels import CHANNELS
from campaigns.records import NANO
from kpis.definitions import DEFINITIONS, Definition, Direction, Unit
from kpis.measures import Measure
from kpis.periods import Grain, Period, buckets
from kpis.roll_ups import WORTH
from kpis.slices import By, Only

# Of the whole company or of a channel, not of a campaign; where several files set one, the newest. A budget is a target of what is
# spent. Another currency is converted at the rate of the month's first day, or of today where that is to come.
_NEWEST = f"""
    SELECT summed.month, summed.kpi, summed.channel, summed.value_nano, summed.value_nano * ours / theirs
    FROM (
        SELECT DISTINCT ON (fact.day, fact.kpi, origin.stated) fact.day AS month, least(fact.day, %(today)s::date) AS day, fact.kpi,
            origin.stated AS channel, fact.value_nano::numeric AS value_nano,
            coalesce(nullif(fact.currency, ''), source.currency) AS currency
        FROM (
            SELECT connection_id, day, kpi, origin_id, value_nano, currency, pull_id FROM campaigns_target
            UNION ALL SELECT connection_id, day, '{SPENT}', origin_id, amount_nano, currency, pull_id FROM campaigns_budget) AS fact
        JOIN campaigns_connection AS source ON source.id = fact.connection_id
        JOIN campaigns_origin AS origin ON origin.id = fact.origin_id
        WHERE concat(origin."group", origin.source, origin.medium, origin.campaign_name, origin.campaign_ref) = ''
        ORDER BY fact.day, fact.kpi, origin.stated, fact.pull_id DESC, fact.connection_id DESC) AS summed {WORTH}
"""


@dataclass(frozen=True)
class Targets:
    """The target of each KPI in each month that has one, by (slug, first day), in the KPI's unit; of the whole company.

    `of_channels`: what single channels are to reach, by (slug, channel, first day). The company's target is what was set for the
    company: those of some of its channels do not add up to it.
    """

    of: Mapping[tuple[str, date], Fraction] = field(default_factory=dict)
    of_channels: Mapping[tuple[str, str, date], Fraction] = field(default_factory=dict)

    @classmethod
    def load(cls, client: Client, today: date) -> Targets:
        """Of the client whose schema is open."""
        whole: dict[tuple[str, date], Fraction] = {}
        channels: dict[tuple[str, str, date], Fraction] = {}
        with connection.cursor() as cursor:
            cursor.execute(_NEWEST, {"currency": client.currency, "today": today})
            for month, slug, channel, plain, worth in cursor.fetchall():
                definition = DEFINITIONS.get(slug)
                value = worth if definition and definition.unit is Unit.MONEY else plain
                if definition and value is not None and channel:
                    channels[slug, channel, month] = Fraction(value) / NANO
                elif definition and value is not None:
                    whole[slug, month] = Fraction(value) / NANO
        return cls(whole, channels)

    @cached_property
    def _set(self) -> frozenset[tuple[str, str]]:
        """Of what there is a target in some month: mostly of little, and it is asked of every figure."""
        return frozenset({(slug, "") for slug, _ in self.of} | {(slug, channel) for slug, channel, _ in self.of_channels})

    def at(self, slug: str, channel: str, month: date) -> Fraction | None:
        """Of a channel, or with "" of the whole company, in the month that begins on `month`."""
        return self.of_channels.get((slug, channel, month)) if channel else self.of.get((slug, month))

    def channels(self, slug: str) -> list[str]:
        """The channels that have a target of a KPI in some month."""
        told = {channel for of, channel, _ in self.of_channels if of == slug}
        return [channel for channel in CHANNELS if channel in told]

    def over(self, slug: str, period: Period, channel: str | None = "") -> Fraction | None:
        """The target of `period`; None where a month that it touches has none, or where it cannot be told for a part of a month.
        `channel` as `whose` tells it.

        What adds up is due evenly by days. A ratio, and what is counted at a moment, is aimed at on every day alike: over several
        months, the mean by their days.
        """
        if channel is None or (slug, channel) not in self._set:
            return None
        definition = DEFINITIONS[slug]
        months = list(buckets(period, Grain.MONTH))
        due = [self.at(slug, channel, month.whole.since) for month in months]
        shares = [Fraction(month.period.days, month.whole.days) for month in months]
        if definition.is_additive:
            return _sum(due, shares)
        if is_level(definition):
            return _sum(due, [Fraction(month.period.days, period.days) for month in months])
        # People are counted once, however long the period: a part of a month has no target, nor have several months.
        return due[0] if shares == [1] else None


def whose(only: Only, by: By | None = None, key: str = "") -> str | None:
    """The channel whose targets hold for a group of what is confined to `only`: "" of the whole company, None where nobody sets any."""
    if only.by_campaign or by in (By.CAMPAIGN, By.LABEL):
        return None
    if by is By.CHANNEL:
        return key
    return None if len(only.channels) > 1 else next(iter(only.channels), "")


def is_level(definition: Definition) -> bool:
    """Whether it is as high on a day as over a month: what is computed from sums, and what is counted at a moment."""
    expression = definition.expression
    return not isinstance(expression, Measure) or expression.source == "stocks"


def is_reached(definition: Definition, value: Fraction | None, target: Fraction | None) -> bool | None:
    """Whether it is as good as it should be; None of a volume, which is neither, or where one of the two is not known."""
    if value is None or target is None or definition.direction is Direction.NEUTRAL:
        return None
    return value >= target if definition.direction is Direction.UP else value <= target


def _sum(values: list[Fraction | None], shares: list[Fraction]) -> Fraction | None:
    total = Fraction(0)
    for value, share in zip(values, shares, strict=True):
        if value is None:
            return None
        total += value * share
    return total


def days_in_month(day: date) -> int:
    return monthrange(day.year, day.month)[1]
