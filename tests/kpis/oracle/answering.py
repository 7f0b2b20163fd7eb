"""Figures of any period and part, or the reason why there is none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from accounts.models import Client
from campaigns.models import AudienceDay
from tests.kpis.oracle.calendar import Span, parts
from tests.kpis.oracle.covered import Covered
from tests.kpis.oracle.decided import Decided
from tests.kpis.oracle.formulas import FORMULAS, Unknown
from tests.kpis.oracle.people import People
from tests.kpis.oracle.stored import ONE_DAY, Place, Stored
from tests.kpis.oracle.sums import PAID, Measure, Sums

# The last figure of a list serves so long.
STOCK_SERVES = 31
NETWORKS = frozenset(
    "meta facebook instagram threads linkedin tiktok youtube x twitter pinterest snapchat".split()  # noqa: SIM905
)
STOCKS = ("subscribers", "subscribers_before", "followers")
# What is told of people, by the facts whose loaded days say what is known.
_PURCHASES = """new_customers paid_new_customers customers acquired_so_far at_start at_end new_at_end monthly_customers months_stayed
    customers_left"""
PEOPLE = {
    **dict.fromkeys(_PURCHASES.split(), "purchases"),
    **dict.fromkeys("known_revenue repeat_revenue monthly_revenue monthly_margin payback_months".split(), "orders"),  # noqa: SIM905
    **dict.fromkeys(("mrr_at_start", "mrr_lost", "mrr_kept"), "subscriptions"),
}


@dataclass(frozen=True)
class Part:
    """What a figure is confined to; None: to nothing. `group`: (dimension, key), of a figure that stands in a group."""

    channels: frozenset[str] | None = None
    campaigns: frozenset[str] | None = None
    labels: frozenset[str] | None = None
    group: tuple[str, str] | None = None

    @property
    def is_divided(self) -> bool:
        return self != Part()


class Oracle:
    def __init__(self, client: Client, decided: Decided | None = None) -> None:
        self.decided = decided or Decided()
        self.stored = Stored(client)
        self.sums = Sums(self.stored, self.decided)
        self.people = People(self.stored, self.sums)
        self.sums.customers, self.sums.touches = set(self.people.customers), self.people.touches
        self.covered = Covered(self.stored)

    def figure(self, slug: str, since: date, until: date, part: Part = Part()) -> Fraction | str:
        """Exact, or the reason why it is null."""
        try:
            return FORMULAS[slug](Asked(self, since, self.until(slug, since, until), part))
        except Unknown as unknown:
            return unknown.reason

    def until(self, slug: str, since: date, until: date) -> date:
        """The last day that counts: days of which one family was told, and another not yet, would be divided unequally."""
        used = Noted(self, since, until, Part())
        FORMULAS[slug](used)
        lasts = [self.covered.last(family, since) for family in used.families - {"audience", "costs"}]
        told = [last for last in lasts if last is not None]
        if len(told) < len(lasts) or len(set(told)) < 2 or min(told) >= until:
            return until
        return min(told)

    def compared(self, slug: str, period: tuple[date, date], before: tuple[date, date], part: Part = Part()) -> Fraction | str:
        """The figure of the period before; where one of the two is not wholly told, or they were counted in two ways, why not."""
        figure = self.figure(slug, *before, part)
        if isinstance(figure, str):
            return figure
        used = Noted(self, *period, part)
        FORMULAS[slug](used)
        is_short = any(self.until(slug, *each) < each[1] for each in (period, before))
        if is_short or not all(self.covered.is_whole(family, *each) for family in used.families for each in (period, before)):
            return "not_comparable"
        if any(self._is_mixed(measure, part, [period, before]) for measure in used.measures):
            return "mixed_basis"
        return figure

    def parts(self, since: date, until: date, grain: str) -> list[Span]:
        """The days, weeks, months, quarters or years of a period, as the client divides time."""
        return parts(since, until, grain, self.decided)

    def keys(self, dimension: str, periods: Iterable[tuple[date, date]], names: Iterable[str], part: Part) -> set[str]:
        """The groups of which anything was told; `names`: of these sums."""
        found: set[str] = set()
        for measure in (self.sums[name] for name in names):
            for day, cells in measure.cells.items() if measure.is_divisible else ():
                if any(since <= day <= until for since, until in periods):
                    found |= {key for cell in cells if self.is_in(cell.place, part) for key in self._keys(cell.place, dimension)}
        return found

    def _keys(self, place: Place, dimension: str) -> list[str]:
        if dimension == "channel":
            return [place.channel]
        campaign = self.stored.campaigns.get(place.campaign)
        if dimension == "campaign":
            return [campaign.name if campaign else ""]
        return list(campaign.labels if campaign else []) or [""]

    def is_in(self, place: Place, part: Part) -> bool:
        campaign = self.stored.campaigns.get(place.campaign)
        return (
            (part.channels is None or place.channel in part.channels)
            and (part.campaigns is None or (campaign is not None and campaign.name in part.campaigns))
            and (part.labels is None or (campaign is not None and bool(part.labels & set(campaign.labels))))
            and (part.group is None or part.group[1] in self._keys(place, part.group[0]))
        )

    def measured(self, name: str, since: date, until: date, part: Part) -> Fraction:
        measure = self.sums[name]
        self._known(measure.family, since, until, part, measure.is_divisible)
        if self._is_mixed(measure, part, [(since, until)]):
            raise Unknown("mixed_basis")
        days = [day for day in measure.cells if since <= day <= until]
        cells = [cell for day in days for cell in measure.cells[day] if self.is_in(cell.place, part)]
        if measure.channels:
            cells = [cell for cell in cells if cell.place.channel in measure.channels]
        known = [cell.amount for cell in cells if cell.amount is not None]
        if measure.known_only and not known:
            raise Unknown(measure.missing)
        if len(known) < len(cells) and not measure.known_only:
            raise Unknown("no_exchange_rate" if any(cell.lacks_rate for cell in cells) else measure.missing)
        return sum(known, Fraction(0)) / measure.scale

    def stock(self, name: str, since: date, until: date, part: Part) -> Fraction:
        """The newest figure of each list, where it is not too old."""
        self._known("audience", since, until, part, False)
        day = since - ONE_DAY if name == "subscribers_before" else until
        newest: dict[tuple[int, str], tuple[date, int]] = {}
        for row in self.stored.rows(AudienceDay):
            is_social = self.stored.source(row).split("_")[0] in NETWORKS
            if is_social == (name == "followers") and row.subscribers is not None and 0 <= (day - row.day).days <= STOCK_SERVES:
                key = row.connection_id, row.list_name
                newest[key] = max(newest.get(key, (row.day, 0)), (row.day, row.subscribers))
        if not newest:
            raise Unknown("not_reported")
        return Fraction(sum(count for _, count in newest.values()))

    def of_people(self, name: str, since: date, until: date, part: Part) -> Fraction:
        """By the channel and campaign that acquired them."""
        self._known(PEOPLE[name], since, until, part, True)
        channels = PAID if name.startswith("paid_") else None

        def is_in(place: Place) -> bool:
            return self.is_in(place, part) and (channels is None or place.channel in channels)

        def cost() -> Fraction:
            return sum((self.measured(name, since, until, part) for name in ("spend", "other_marketing", "sales_cost")), Fraction(0))

        return self.people.measured(name.removeprefix("paid_"), since, until, is_in, cost)

    def _known(self, family: str, since: date, until: date, part: Part, is_divisible: bool) -> None:
        if gap := self.covered.gap(family, since, until):
            raise Unknown(gap)
        if part.is_divided and not is_divisible:
            raise Unknown("not_divisible")

    def _is_mixed(self, measure: Measure, part: Part, periods: list[tuple[date, date]]) -> bool:
        """Whether one who tells counted in two ways. Which campaign was counted how is not kept: any other way makes it doubtful."""
        ways: dict[int, set[str]] = defaultdict(set)
        for day, channel, told_by, basis in measure.bases:
            group = part.group[1] if part.group and part.group[0] == "channel" else channel
            is_in = channel == group and (part.channels is None or channel in part.channels)
            if is_in and any(since <= day <= until for since, until in periods):
                ways[told_by].add(basis)
        return any(len(found) > 1 for found in ways.values())


class Asked:
    """The measures of a period and part as attributes; a formula that needs one which is not known raises `Unknown`."""

    def __init__(self, oracle: Oracle, since: date, until: date, part: Part) -> None:
        self._oracle, self._asked = oracle, (since, until, part)

    def __getattr__(self, name: str) -> Fraction:
        if name in STOCKS:
            return self._oracle.stock(name, *self._asked)
        if name in PEOPLE:
            return self._oracle.of_people(name, *self._asked)
        return self._oracle.measured(name, *self._asked)


class Noted(Asked):
    """Notes what a formula is made of."""

    def __init__(self, oracle: Oracle, since: date, until: date, part: Part) -> None:
        super().__init__(oracle, since, until, part)
        self.families: set[str] = set()
        self.measures: list[Measure] = []

    def __getattr__(self, name: str) -> Fraction:
        if name in STOCKS:
            self.families.add("audience")
        elif name in PEOPLE:
            self.families.add(PEOPLE[name])
        else:
            measure = self._oracle.sums[name]
            self.families.add(measure.family)
            self.measures.append(measure)
        return Fraction(1)
