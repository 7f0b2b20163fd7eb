"""KPI values for any period and grouping, with the period before. Reads roll-ups only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Context, Decimal
from enum import StrEnum
from fractions import Fraction

from django.db import connection

from accounts.tenancy import one_state
from campaigns.records import NANO
from kpis.coverage import Coverage
from kpis.definitions import DEFINITIONS, Definition, Reason
from kpis.measures import FAMILIES, MEASURES, Measure
from kpis.periods import Grain, Period, buckets

# Significant digits of a quotient that does not end.
PRECISION = 28

TABLES = {"ads": "kpis_adrollup", "leads": "kpis_leadrollup", "orders": "kpis_orderrollup"}


class By(StrEnum):
    """What figures can be grouped by."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    CHANNEL = "channel"
    CAMPAIGN = "campaign"


GRAINS = {By.DAY: Grain.DAY, By.WEEK: Grain.WEEK, By.MONTH: Grain.MONTH}
DIMENSIONS = {By.CHANNEL: "rollup.channel", By.CAMPAIGN: "coalesce(campaign.name, '')"}


@dataclass
class Sum:
    """A measure summed over a slice: `total` in stored units, `unknown` rows whose part is not known.

    `unconverted`: parts that are unknown because there is no exchange rate.
    """

    total: int = 0
    unknown: int = 0
    unconverted: int = 0

    def add(self, other: Sum) -> None:
        self.total += other.total
        self.unknown += other.unknown
        self.unconverted += other.unconverted


Sums = dict[str, Sum]


@dataclass(frozen=True)
class Value:
    """One KPI of one slice. `exact` is None where undefined; `reason` then says why."""

    exact: Fraction | None
    reason: Reason | None = None

    @property
    def decimal(self) -> Decimal | None:
        """The exact decimal where it ends within 28 digits, else rounded to 28 significant digits (half-even)."""
        if self.exact is None:
            return None
        return _plain(Context(prec=PRECISION).divide(Decimal(self.exact.numerator), Decimal(self.exact.denominator)))


@dataclass(frozen=True)
class Comparison:
    """A KPI and the same KPI in the period before."""

    value: Value
    previous: Value


@dataclass
class Slice:
    """The sums of one group in the period and in the one before; what of it was loaded decides 0 or unknown."""

    key: str
    period: Period
    previous_period: Period
    sums: Sums = field(default_factory=dict)
    previous_sums: Sums = field(default_factory=dict)

    def values(self, slugs: Iterable[str], coverage: Coverage) -> dict[str, Comparison]:
        """The asked KPIs by slug."""
        return {slug: self._compared(DEFINITIONS[slug], coverage) for slug in slugs}

    def _compared(self, definition: Definition, coverage: Coverage) -> Comparison:
        """A KPI is compared only where both periods are wholly loaded: a part would look like a fall or a rise."""
        value = evaluate(definition, self.sums, self.period, coverage)
        previous = evaluate(definition, self.previous_sums, self.previous_period, coverage)
        if previous.exact is not None and not all(is_whole(definition, each, coverage) for each in (self.period, self.previous_period)):
            previous = Value(None, Reason.NOT_COMPARABLE)
        return Comparison(value, previous)

    @classmethod
    def together(cls, key: str, parts: Iterable[Slice], period: Period, previous: Period) -> Slice:
        """Several disjoint groups as one: sums add, ratios follow from them."""
        whole = cls(key, period, previous)
        for part in parts:
            add_sums(whole.sums, part.sums)
            add_sums(whole.previous_sums, part.previous_sums)
        return whole


@dataclass(frozen=True)
class Answer:
    """Figures of a period: the whole, and by group in the order of time or of the group's name."""

    period: Period
    total: Slice
    groups: list[Slice]
    coverage: Coverage


def ask(period: Period, by: By | None = None) -> Answer:
    """Sums of the client whose schema is open, over `period` and the one before, in all and by group, of one state."""
    with one_state():
        return _ask(period, by)


def _ask(period: Period, by: By | None) -> Answer:
    coverage = Coverage.load()
    previous = period.previous
    if by in GRAINS:
        groups = _by_time(period, GRAINS[by])
        total = Slice("", period, previous, _totals(fetch(period)), _totals(fetch(previous)))
        return Answer(period, total, groups, coverage)
    now, before = fetch(period, by), fetch(previous, by)
    keys = sorted(now.keys() | before.keys()) if by else []
    groups = [Slice(key, period, previous, now.get(key, {}), before.get(key, {})) for key in keys]
    total = Slice("", period, previous, _totals(now), _totals(before))
    return Answer(period, total, groups, coverage)


def fetch(period: Period, by: By | None = None) -> dict[str, Sums]:
    """Sums of every measure by group ("" without grouping): one round trip per family."""
    return {key[1]: sums for key, sums in _fetch(period, "NULL::date", DIMENSIONS[by] if by else "''").items()}


def fetch_days(period: Period, by: By | None = None) -> dict[tuple[date, str], Sums]:
    """Sums of every measure by day and group."""
    return _fetch(period, "rollup.day", DIMENSIONS[by] if by else "''")


def evaluate(definition: Definition, sums: Mapping[str, Sum], period: Period, coverage: Coverage) -> Value:
    """One KPI from its measures' sums. Null with a reason where a part is unknown or the denominator is 0."""
    numerator = _measure(MEASURES[definition.numerator], sums, period, coverage)
    if not definition.denominator or numerator.exact is None:
        return numerator
    denominator = _measure(MEASURES[definition.denominator], sums, period, coverage)
    if denominator.exact is None:
        return denominator
    if denominator.exact == 0:
        return Value(None, Reason.NO_DENOMINATOR)
    return Value(numerator.exact * definition.times / denominator.exact)


def families_of(definition: Definition) -> set[str]:
    """The families of facts a KPI is computed from."""
    return {MEASURES[slug].family for slug in definition.measures}


def is_whole(definition: Definition, period: Period, coverage: Coverage) -> bool:
    """Whether every day of `period` is loaded for all that a KPI is computed from."""
    return all(coverage.is_whole(family, period) for family in families_of(definition))


def add_sums(into: Sums, other: Mapping[str, Sum]) -> None:
    for slug, part in other.items():
        into.setdefault(slug, Sum()).add(part)


def _measure(measure: Measure, sums: Mapping[str, Sum], period: Period, coverage: Coverage) -> Value:
    if gap := coverage.gap(measure.family, period):
        return Value(None, gap)
    found = sums.get(measure.slug, Sum())
    if found.unknown:
        return Value(None, Reason.NO_EXCHANGE_RATE if found.unconverted else Reason.NOT_REPORTED)
    return Value(Fraction(found.total, measure.scale))


def _by_time(period: Period, grain: Grain) -> list[Slice]:
    parts = list(buckets(period, grain))
    days = fetch_days(Period(min(part.previous.since for part in parts), period.until))
    by_day = {day: sums for (day, _), sums in days.items()}
    return [Slice(part.key, part.period, part.previous, _over(by_day, part.period), _over(by_day, part.previous)) for part in parts]


def _over(by_day: Mapping[date, Sums], period: Period) -> Sums:
    sums: Sums = {}
    for offset in range(period.days):
        add_sums(sums, by_day.get(period.since + timedelta(days=offset), {}))
    return sums


def _totals(groups: Mapping[str, Sums]) -> Sums:
    sums: Sums = {}
    for part in groups.values():
        add_sums(sums, part)
    return sums


def _fetch(period: Period, day: str, group: str) -> dict[tuple[date, str], Sums]:
    found: dict[tuple[date, str], Sums] = {}
    for family in FAMILIES:
        measures = [measure for measure in MEASURES.values() if measure.family == family]
        with connection.cursor() as cursor:
            cursor.execute(_statement(family, measures, day, group), [period.since, period.until])
            for row in cursor.fetchall():
                sums = found.setdefault((row[0], row[1]), {})
                for index, measure in enumerate(measures):
                    sums[measure.slug] = Sum(int(row[2 + 3 * index] or 0), row[3 + 3 * index], int(row[4 + 3 * index] or 0))
    return found


def _statement(family: str, measures: list[Measure], day: str, group: str) -> str:
    columns = ", ".join(_columns(measure) for measure in measures)
    return f"""
        SELECT {day}, {group}, {columns} FROM {TABLES[family]} AS rollup
        LEFT JOIN campaigns_campaign AS campaign ON campaign.id = rollup.campaign_id
        WHERE rollup.day BETWEEN %s AND %s GROUP BY 1, 2
    """


def _columns(measure: Measure) -> str:
    column = f"rollup.{measure.column}"
    only = "TRUE"
    if measure.channels:
        only = f"rollup.channel IN ({', '.join(repr(channel) for channel in measure.channels)})"
    unconverted = f"sum(rollup.unconverted) FILTER (WHERE {only})" if measure.scale == NANO else "0"
    return f"sum({column}) FILTER (WHERE {only}), count(*) FILTER (WHERE {only} AND {column} IS NULL), {unconverted}"


def _plain(digits: Decimal) -> Decimal:
    """Without trailing zeros and without an exponent."""
    return Decimal(f"{digits:f}".rstrip("0").rstrip(".")) if "." in f"{digits:f}" else Decimal(f"{digits:f}")
