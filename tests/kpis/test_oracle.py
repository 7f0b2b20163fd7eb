"""Every KPI equals a slow second opinion worked out from raw rows, whatever the period, the part and the troubles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import partial
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from django.db import transaction

from accounts.models import Client
from campaigns.records import AdDay, ConversionAction, EmailSend, Record
from kpis import query, recompute
from kpis.definitions import DEFINITIONS, Unit
from kpis.periods import Period
from kpis.query import By, Only
from tests.campaigns.truth.rollups import roll_ups
from tests.kpis.decisions import Deciding
from tests.kpis.oracle import Decided, Oracle, Part
from tests.kpis.oracle.formulas import FORMULAS
from tests.kpis.oracle.sums import FAMILIES
from tests.kpis.worlds import ONE_DAY, WORLDS, World, invented, load

NOTHING = Only()
ONLY = [
    Only(channels=("paid_search", "email")), Only(campaigns=("Brand", "Été")), Only(labels=("fr",)),
    Only(channels=("display",), campaigns=("Shop",)),
]  # fmt: skip
FIGURE = Fraction | str
# Months begin on other days of the week.
BY_MONTHS = {"clv", "margin_clv", "ltv_to_cac", "payback_months"}
SLUGS = [slug for slug in DEFINITIONS if slug in FORMULAS]


def span(period: Period) -> tuple[date, date]:
    return period.since, period.until


def part_of(only: Only, group: tuple[str, str] | None = None) -> Part:
    def confined(names: tuple[str, ...]) -> frozenset[str] | None:
        return frozenset(names) or None

    return Part(confined(only.channels), confined(only.campaigns), confined(only.labels), group)


def said(value: query.Value) -> FIGURE:
    return value.exact if value.exact is not None else str(value.reason)


def differences(oracle: Oracle, answer: query.Answer, by: By, only: Only) -> Iterator[str]:
    """Where an answer is not what the oracle says."""
    groups = [(group, part_of(only, None if by in query.GRAINS else (by, group.key))) for group in answer.groups]
    for one, part in [(answer.total, part_of(only)), *groups]:
        assert one.previous_period
        for slug, pair in one.values(SLUGS, answer.coverage).items():
            right = oracle.figure(slug, *span(one.period), part)
            until = oracle.until(slug, *span(one.period))
            if pair.until != (until if until < one.period.until else None):
                yield f"{slug} by {by} {one.key!r} of {only}, {one.period}: until {pair.until}, not {until}"
            if said(pair.value) != right:
                yield f"{slug} by {by} {one.key!r} of {only}, {one.period}: {said(pair.value)}, not {right}"
            before = oracle.compared(slug, span(one.period), span(one.previous_period), part)
            if said(pair.previous) != before:
                yield f"{slug} by {by} {one.key!r} of {only}, before {one.period}: {said(pair.previous)}, not {before}"
    if by in query.GRAINS:
        found, right_parts = [span(one.period) for one in answer.groups], oracle.parts(*span(answer.period), query.GRAINS[by])
        if found != right_parts:
            yield f"{answer.period} has the parts {found}, not {right_parts}"
    else:
        names = [name for family in FAMILIES.values() for name in family.names]
        keys = oracle.keys(by, [span(answer.period), span(answer.period.previous)], names, part_of(only))
        if missing := keys - {group.key for group in answer.groups}:
            yield f"{missing} are missing by {by} of {only}, {answer.period}"


def unlike(oracle: Oracle, asked: list[tuple[Period, By, Only]]) -> list[str]:
    return [each for period, by, only in asked for each in differences(oracle, query.ask(period, by, slugs=SLUGS, only=only), by, only)]


def ways_of_asking(world: World) -> list[tuple[Period, By, Only]]:
    """Of all days, of some across a month, of one, and of some of which nothing is known."""
    whole, part = Period(world.first, world.last), Period(world.first + 25 * ONE_DAY, world.first + 44 * ONE_DAY)
    one_day, late = Period(part.since, part.since), Period(world.last - ONE_DAY, world.last + 9 * ONE_DAY)
    return [
        (whole, By.WEEK, NOTHING), (whole, By.MONTH, NOTHING), (whole, By.CHANNEL, NOTHING), (part, By.DAY, NOTHING),
        (part, By.CHANNEL, NOTHING), (part, By.CAMPAIGN, NOTHING), (part, By.LABEL, NOTHING), (one_day, By.CAMPAIGN, NOTHING),
        (late, By.CAMPAIGN, NOTHING), *((part, By.WEEK, only) for only in ONLY), (part, By.CHANNEL, ONLY[1]),
        (part, By.CAMPAIGN, ONLY[0]),
    ]  # fmt: skip


def test_every_kpi_has_a_second_opinion() -> None:
    assert set(SLUGS) == set(DEFINITIONS)


@pytest.mark.parametrize("name", WORLDS)
def test_every_kpi_equals_the_oracle(lumen: Client, name: str) -> None:
    world = WORLDS[name]()
    load(lumen, world)
    recompute.catch_up(lumen)
    oracle = Oracle(lumen)
    assert unlike(oracle, ways_of_asking(world)) == []


@pytest.mark.parametrize("seed", [1, 2, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(3, 43))])
def test_every_kpi_equals_the_oracle_whatever_the_client_decides(lumen: Client, seed: int) -> None:
    world = invented(seed)
    load(lumen, world)
    deciding = Deciding(lumen, world.first, Random(f"decisions {seed}"))
    for _ in range(2):
        deciding.decide()
        recompute.catch_up(lumen)
        oracle = Oracle(lumen, Decided(deciding.said))
        wrong = unlike(oracle, ways_to_look_back(world))
        assert wrong == [], "\n".join([*map(str, deciding.said), *wrong])


def ways_to_look_back(world: World) -> list[tuple[Period, By, Only]]:
    """Over parts of time as the client divides it, and by where everything came from."""
    whole, part = Period(world.first, world.last), Period(world.first + 19 * ONE_DAY, world.first + 49 * ONE_DAY)
    return [(whole, By.WEEK, NOTHING), (whole, By.MONTH, NOTHING), (whole, By.QUARTER, ONLY[0]), (part, By.CHANNEL, NOTHING)]


# ----------------------------------------------------------------------------------------------- what follows from what
@pytest.fixture
def world() -> World:
    """Without troubles, with tests of mailings, and all money worth the same: no sum is rounded."""
    calm = WORLDS["leap day"]().with_rows(as_tested)
    return replace(calm, rates=dict.fromkeys(calm.rates, Decimal(1)))


def as_tested(row: Record) -> Record:
    return msgspec.structs.replace(row, seed_sent=100, seed_inbox=83) if isinstance(row, EmailSend) else row


@contextmanager
def told(client: Client, world: World, *, shuffle: Random | None = None, times: int = 1) -> Iterator[None]:
    """A client who was told of the world, and forgets it afterwards."""
    with transaction.atomic():
        for _ in range(times):
            load(client, world, shuffle)
        recompute.catch_up(client)
        yield
        transaction.set_rollback(True)


def figures(world: World, *grouped: By) -> dict[tuple[Any, ...], FIGURE]:
    """Every KPI of a time that others were customers and subscribers before, and by group."""
    found: dict[tuple[Any, ...], FIGURE] = {}
    for by in grouped or [None]:
        answer = query.ask(Period(world.first + 17 * ONE_DAY, world.last), by, slugs=SLUGS)
        # The total has no key; the group of what is of no campaign has an empty one.
        keys = [None, *(number if by in query.GRAINS else one.key.lower() for number, one in enumerate(answer.groups))]
        for key, one in zip(keys, [answer.total, *answer.groups], strict=True):
            found |= {(by, key, slug): said(pair.value) for slug, pair in one.values(SLUGS, answer.coverage).items()}
    return found


def each_field(row: Record, change: Callable[[str, Any], Any]) -> Record:
    return msgspec.structs.replace(row, **{name: change(name, value) for name, value in msgspec.structs.asdict(row).items()})


def test_money_that_is_worth_less_changes_money_and_nothing_else(lumen: Client, world: World) -> None:
    def sevenfold(name: str, value: Any) -> Any:
        return 7 * value if name.endswith("_nano") and value is not None else value

    with told(lumen, world):
        before = figures(world, By.CAMPAIGN)
    assert {slug for (_, _, slug), value in before.items() if isinstance(value, Fraction)} == set(DEFINITIONS)
    with told(lumen, world.with_rows(partial(each_field, change=sevenfold))):
        after = figures(world, By.CAMPAIGN)
    factors = {slug: 7 if definition.unit is Unit.MONEY else 1 for slug, definition in DEFINITIONS.items()}
    assert after == {key: value if isinstance(value, str) else value * factors[key[2]] for key, value in before.items()}


def later(world: World, by: timedelta) -> World:
    zone = ZoneInfo(world.timezone)

    def moved(_name: str, value: Any) -> Any:
        if isinstance(value, datetime):
            return value.astimezone(zone) + by
        return value + by if isinstance(value, date) else value

    rates = {(currency, day + by): rate for (currency, day), rate in world.rates.items()}
    answers = tuple(replace(answer, since=answer.since + by, until=answer.until + by) for answer in world.answers)
    return replace(world, first=world.first + by, rates=rates, answers=answers).with_rows(partial(each_field, change=moved))


def test_a_year_of_53_weeks_later_everything_is_as_it_was(lumen: Client, world: World) -> None:
    with told(lumen, world):
        before = figures(world, By.DAY, By.WEEK, By.CAMPAIGN)
    year = later(world, timedelta(weeks=53))
    with told(lumen, year):
        after = figures(year, By.DAY, By.WEEK, By.CAMPAIGN)
    assert [key for key in before if after[key] != before[key] and key[2] not in BY_MONTHS] == []
    same_calendar = later(world, timedelta(weeks=28 * 52 + 5))
    with told(lumen, same_calendar):
        after = figures(same_calendar, By.CAMPAIGN)
    assert [key for key in after if after[key] != before[key]] == []


def test_in_whatever_order_and_however_often_it_is_told_it_is_the_same(lumen: Client, world: World) -> None:
    with told(lumen, world):
        before = figures(world, By.WEEK, By.CHANNEL, By.CAMPAIGN)
    with told(lumen, world, shuffle=Random(5), times=2):
        assert figures(world, By.WEEK, By.CHANNEL, By.CAMPAIGN) == before


def test_two_halves_of_a_company_add_up(lumen: Client, world: World) -> None:
    """But for people, who are in both."""
    slugs = [slug for slug in SLUGS if DEFINITIONS[slug].is_additive and slug != "new_customers"]

    def half(row: Record, odd: int) -> Record | None:
        return row if row.day.toordinal() // 5 % 2 == odd or isinstance(row, ConversionAction) else None

    def amounts() -> dict[str, Fraction]:
        return {key[2]: figure for key, figure in figures(world).items() if key[2] in slugs and isinstance(figure, Fraction)}

    found = []
    for part in (world, *(world.with_rows(partial(half, odd=odd)) for odd in (0, 1))):
        with told(lumen, part):
            found.append(amounts())
    whole, one, other = found
    assert set(whole) == set(slugs)
    assert whole == {slug: one[slug] + other[slug] for slug in whole}


def test_a_restated_week_changes_no_day_before_it(lumen: Client, world: World) -> None:
    """Nor any other sum than those of what was restated."""
    monday = world.last - 6 * ONE_DAY
    load(lumen, world)
    recompute.catch_up(lumen)
    before = roll_ups()

    def restated(row: Record) -> Record:
        return msgspec.structs.replace(row, clicks=1) if isinstance(row, AdDay) and row.day >= monday else row

    load(lumen, world.with_rows(restated))
    assert 0 < recompute.catch_up(lumen) < 20
    changed = {table: set(rows) ^ set(before[table]) for table, rows in roll_ups().items()}
    assert {table for table, rows in changed.items() if rows} == {"kpis_adrollup", "kpis_addaytotal"}
    mended = roll_ups()
    recompute.rebuild_all(lumen)
    assert roll_ups() == mended
    assert {row[1:11] for rows in changed.values() for row in rows} <= {str(monday + number * ONE_DAY) for number in range(7)}
    wrong = list(differences(Oracle(lumen), query.ask(Period(world.first, world.last), By.WEEK, slugs=SLUGS), By.WEEK, NOTHING))
    assert wrong == []
