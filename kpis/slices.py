"""What is asked for: periods, groups and filters; and what comes back: sums of slices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

import msgspec

from kpis.measures import MEASURES, Measure


class By(StrEnum):
    """What figures can be grouped by."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    CHANNEL = "channel"
    CAMPAIGN = "campaign"
    LABEL = "label"  # of campaigns; one with several counts in each of them


@dataclass(frozen=True)
class Only:
    """Slugs of channels, names of campaigns and labels to which figures are confined; empty: all.

    "" stands for what has no campaign, or no label.
    """

    channels: tuple[str, ...] = ()
    campaigns: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    def parameters(self) -> dict[str, list[str]]:
        """As `Scope.where` names them."""
        return {
            "channels": list(self.channels),
            "campaigns": [name.strip().lower() for name in self.campaigns],
            "labels": list(self.labels),
        }

    @property
    def by_campaign(self) -> bool:
        return bool(self.campaigns or self.labels)

    def __bool__(self) -> bool:
        return bool(self.channels or self.by_campaign)


class Sum(msgspec.Struct, gc=False):
    """A measure over a slice: `total` in stored units, `unknown` rows whose part is not known.

    `unconverted`: parts that are unknown because there is no exchange rate. `unsettled`: parts that may still grow.
    """

    total: int = 0
    unknown: int = 0
    unconverted: int = 0
    unsettled: int = 0

    def add(self, other: Sum) -> None:
        self.total += other.total
        self.unknown += other.unknown
        self.unconverted += other.unconverted
        self.unsettled += other.unsettled


class Row(msgspec.Struct, array_like=True, gc=False):
    """What was read of one group in one period, or, where there are `bases`, in which ways it was counted.

    `place`: of the source among all that was asked; `number`: of the period. Sums are the text of arrays, for most are never looked at.
    """

    place: int
    number: int
    key: str
    totals: str
    unknown: str
    unconverted: str
    unsettled: int | None
    bases: list[str] | None


class Layout(NamedTuple):
    """Of a source: which measures are asked for, and in which places of its arrays they are."""

    source: str
    measures: Sequence[tuple[Measure, int]]


class Sums:
    """The measures of one slice by slug, and the ways in which those of a family were counted, as (told by, basis).

    A row that was told, by its place of `layouts`, stays as it was read until a measure of its source is asked for.
    """

    __slots__ = ("_layouts", "_of", "_told", "bases")

    def __init__(
        self,
        of: dict[str, Sum] | None = None,
        bases: dict[str, set[tuple[str, str]]] | None = None,
        layouts: Mapping[int, Layout] | None = None,
    ) -> None:
        self.bases = {} if bases is None else bases
        self._of = {} if of is None else of
        self._layouts = {} if layouts is None else layouts
        self._told: list[Row] = []

    @property
    def of(self) -> dict[str, Sum]:
        for place in {row.place for row in self._told}:
            self._take_apart(self._layouts[place].source)
        return self._of

    def find(self, measure: Measure) -> Sum | None:
        found = self._of.get(measure.slug)
        if found is None and self._told:
            self._take_apart(measure.source)
            found = self._of.get(measure.slug)
        return found

    def get(self, slug: str) -> Sum:
        return self.find(MEASURES[slug]) or Sum()

    def tell(self, row: Row) -> None:
        self._told.append(row)

    def _take_apart(self, source: str) -> None:
        told, self._told = self._told, []
        for row in told:
            layout = self._layouts[row.place]
            if layout.source != source:
                self._told.append(row)
                continue
            totals, unknown, unconverted = _numbers(row.totals), _numbers(row.unknown), _numbers(row.unconverted)
            for measure, place in layout.measures:
                total = totals[place]
                if total is not None or not measure.known_only:
                    self._add(measure.slug, Sum(total or 0, unknown[place] or 0, unconverted[place] or 0, row.unsettled or 0))

    def _add(self, slug: str, part: Sum) -> None:
        known = self._of.setdefault(slug, part)
        if known is not part:
            known.add(part)

    def add(self, other: Sums) -> None:
        for slug, part in other.of.items():
            self.of.setdefault(slug, Sum()).add(part)
        for family, bases in other.bases.items():
            self.bases.setdefault(family, set()).update(bases)

    def is_mixed(self, family: str, *others: Sums) -> bool:
        """Whether one teller's figures of a family were counted in several ways, here or in one of `others`."""
        if not (self.bases or others):
            return False
        ways = {way for sums in (self, *others) for way in sums.bases.get(family, ())}
        return len(ways) > len({told_by for told_by, _ in ways})

    def __bool__(self) -> bool:
        return bool(self.of)


@lru_cache(maxsize=64)
def _numbers(array: str) -> Sequence[int | None]:
    """The cells of an array. Those of what is unknown are mostly the same: nothing."""
    return [None if cell == "NULL" else int(cell) for cell in array[1:-1].split(",")]


@dataclass(frozen=True)
class Scope:
    """`by` a dimension or None: in all; `only`: of what."""

    by: By | None
    only: Only

    @property
    def needs_campaigns(self) -> bool:
        return self.by in (By.CAMPAIGN, By.LABEL) or self.only.by_campaign

    @property
    def is_divided(self) -> bool:
        """Whether it is of parts by channel, campaign or label."""
        return self.by is not None or bool(self.only)

    @property
    def where(self) -> str:
        """Conditions on columns `channel` and `campaign_id` of `row`."""
        conditions = ["TRUE"]
        if self.only.channels:
            conditions.append("row.channel = ANY(%(channels)s)")
        if self.only.campaigns:
            named = "row.campaign_id IN (SELECT id FROM campaigns_campaign WHERE key = ANY(%(campaigns)s))"
            conditions.append(f"({named} OR (row.campaign_id = 0 AND '' = ANY(%(campaigns)s)))")
        if self.only.labels:
            labelled = f"row.campaign_id IN (SELECT campaign_id FROM {_LABELS} AS label WHERE name = ANY(%(labels)s))"
            none = f"('' = ANY(%(labels)s) AND row.campaign_id NOT IN (SELECT campaign_id FROM {_LABELS} AS label))"
            conditions.append(f"({labelled} OR {none})")
        return " AND ".join(conditions)

    def named(self, select: str) -> str:
        """`select` with its keys as people know them: ids of campaigns become names or labels."""
        if self.by is By.CAMPAIGN:
            return f"""SELECT kept.number, coalesce(campaign.name, ''), {_REST} FROM ({select}) AS kept
                LEFT JOIN campaigns_campaign AS campaign ON campaign.id::text = kept.key"""
        return select

    @property
    def grouping(self) -> str:
        """What rows are put together by: the key, second of the columns, or the number that it is the text of, which is quicker."""
        return "row.campaign_id" if self.by is By.CAMPAIGN else "2"

    @property
    def key(self) -> str:
        if self.by is By.CHANNEL:
            return "row.channel"
        if self.by is By.CAMPAIGN:
            return "row.campaign_id::text"
        if self.by is By.LABEL:
            return "coalesce(label.name, '')"
        return "''"

    @property
    def join(self) -> str:
        if self.by is not By.LABEL:
            return ""
        return f"LEFT JOIN {_LABELS} AS label ON label.campaign_id = row.campaign_id"


@dataclass(frozen=True)
class Placed(Scope):
    """Of parts by channel and campaign at once, as rows are: a key to be taken apart with `CHANNEL_OF` and `CAMPAIGN_OF`."""

    @property
    def is_divided(self) -> bool:
        return True

    @property
    def key(self) -> str:
        return "row.channel || ':' || row.campaign_id"


CHANNEL_OF, CAMPAIGN_OF = "split_part({}.key, ':', 1)", "split_part({}.key, ':', 2)::bigint"
# Each label of each campaign, once.
_LABELS = """(SELECT DISTINCT campaign.id AS campaign_id, label.name
    FROM campaigns_campaign AS campaign, jsonb_array_elements_text(campaign.labels) AS label (name) WHERE label.name <> '')"""
_REST = "kept.reader, kept.totals, kept.unknown, kept.unconverted, kept.unsettled, kept.bases"
# The asked periods, by their place in the list.
PARTS = "unnest(%(numbers)s::int[], %(sinces)s::date[], %(untils)s::date[]) AS part (number, since, until)"
# Where a select speaks of no way of counting.
NO_BASES = "NULL::text[]"
