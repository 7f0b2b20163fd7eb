"""Every figure leads to the rows it is made of, and every change to what made it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from django.utils import translation

from accounts.models import Client
from campaigns.records import NANO
from kpis import query, recompute
from kpis.definitions import DEFINITIONS, Definition, Reason
from kpis.explain import change, sentences
from kpis.explain.number import Figure
from kpis.explain.rows import Behind, Row, is_listed
from kpis.measures import Measure
from kpis.periods import ONE_DAY, Period
from kpis.query import By, Compare, Only
from kpis.reading import READERS
from kpis.roll_ups import BY_NAME
from tests.conftest import LoadText
from tests.kpis.worlds import WORLDS, load

KNOWN = [
    definition for definition in DEFINITIONS.values()
    if all(measure.source in BY_NAME or measure.source in READERS for measure in definition.measures)
]  # fmt: skip


def added_up(measure: Measure, rows: Iterable[Row]) -> Fraction | None:
    """The rows' sum, rounded to a billionth where the roll-ups round; None: a part is not known."""
    parts: dict[tuple[date, str, str], list[Fraction]] = defaultdict(list)
    for row in rows:
        if measure.slug in row.amounts:
            value = row.value(measure)
            if value is None:
                return None
            parts[row.day, row.channel, row.campaign].append(value)
    return sum((to_billionths(sum(values, Fraction(0))) for values in parts.values()), Fraction(0))


def to_billionths(value: Fraction) -> Fraction:
    whole = Decimal(abs(value * NANO).numerator) / Decimal(abs(value * NANO).denominator)
    return Fraction(whole.quantize(Decimal(1), ROUND_HALF_UP)) / NANO * (-1 if value < 0 else 1)


def of_rows(definition: Definition, rows: list[Row]) -> Fraction | None:
    return definition.expression.value(lambda measure: query.Value(added_up(measure, rows))).exact


@pytest.mark.parametrize("name", WORLDS)
def test_the_rows_behind_a_figure_add_up_to_it(lumen: Client, name: str) -> None:
    world = WORLDS[name]()
    load(lumen, world)
    recompute.rebuild_all(lumen)
    part = Period(world.first + 5 * ONE_DAY, world.first + 38 * ONE_DAY)
    for only in (Only(), Only(channels=("paid_search", "email")), Only(campaigns=("Brand", "")), Only(labels=("fr",))):
        answer = query.ask(part, slugs=[definition.slug for definition in KNOWN], only=only)
        listed = [definition for definition in KNOWN if all(is_listed(measure, only) for measure in definition.measures)]
        rows = list(Behind(lumen, [measure for definition in listed for measure in definition.measures], part, only).every())
        values = {definition.slug: answer.total.value(definition, answer.coverage) for definition in listed}
        known = [definition for definition in listed if values[definition.slug].exact is not None]
        assert {each.slug: of_rows(each, rows) for each in known} == {each.slug: values[each.slug].exact for each in known}
        assert len(known) > 10
        unconverted = [each for each in listed if values[each.slug].reason == Reason.NO_EXCHANGE_RATE]
        assert [each.slug for each in unconverted if of_rows(each, rows) is not None] == []
        changes_add_up(part, only, [definition.slug for definition in listed])


def changes_add_up(period: Period, only: Only, slugs: list[str]) -> None:
    for slug in slugs:
        for by in (By.CHANNEL, By.CAMPAIGN):
            found = change.explain(Figure(slug, period, only), Compare.PREVIOUS, by)
            if found.effect is not None:
                assert found.effect.total == found.difference, (slug, by, only)


ADS = """date,source,account,campaign,channel,impressions,clicks,spend
2026-11-02,google_ads,1,Brand,paid_search,100,10,20
2026-11-02,google_ads,1,Shop,display,100,30,30
2026-11-02,google_ads,1,Gone,video,100,10,5
2026-11-08,google_ads,1,Brand,paid_search,0,0,0
2026-11-09,google_ads,1,Brand,paid_search,100,20,50
2026-11-09,google_ads,1,Shop,display,100,20,30
2026-11-09,google_ads,1,New,paid_social,100,10,10
2026-11-10,google_ads,1,Lost,affiliation,100,0,7
2026-11-15,google_ads,1,Brand,paid_search,0,0,0
"""
WEEK = Period(date(2026, 11, 9), date(2026, 11, 15))


@pytest.fixture
def advertised(lumen: Client, load_text: LoadText) -> Client:
    load_text(lumen, "ads", ADS)
    recompute.catch_up(lumen)
    return lumen


def effects(slug: str) -> dict[str, tuple[str, str, str, str]]:
    found = change.explain(Figure(slug, WEEK), Compare.PREVIOUS, By.CHANNEL)
    told = {group.key: group.effect for group in found.groups}
    return {key: tuple(map(str, (each.volume, each.mix, each.rate, each.apart))) for key, each in told.items() if each}  # type: ignore[misc]


def test_the_change_of_a_sum_is_that_of_its_channels(advertised: Client) -> None:
    assert effects("spend") == {
        "paid_search": ("30", "0", "0", "0"), "paid_social": ("10", "0", "0", "0"), "affiliation": ("7", "0", "0", "0"),
        "video": ("-5", "0", "0", "0"), "display": ("0", "0", "0", "0"),
    }  # fmt: skip


def test_the_change_of_a_ratio_is_weight_and_own_ratios(advertised: Client) -> None:
    """55 € for 50 clicks before, 97 € for as many now: search got dearer, and more of it was bought."""
    assert effects("cpc") == {
        # From 10 clicks of 50 at 2 € to 20 at 2.50 €, where all were at 1.10 €.
        "paid_search": ("0", str(Fraction(1, 5) * Fraction(9, 10)), str(Fraction(2, 5) * Fraction(1, 2)), "0"),
        "display": ("0", str(Fraction(-1, 5) * Fraction(-1, 10)), str(Fraction(2, 5) * Fraction(1, 2)), "0"),
        "paid_social": ("0", str(Fraction(1, 5) * Fraction(-1, 10)), "0", "0"),
        "video": ("0", str(Fraction(-1, 5) * Fraction(-3, 5)), "0", "0"),
        "affiliation": ("0", "0", "0", str(Fraction(7, 50))),
    }
    found = change.explain(Figure("cpc", WEEK), Compare.PREVIOUS, By.CHANNEL)
    assert found.effect
    assert found.effect.total == found.difference == Fraction(97 - 55, 50)


def test_a_change_is_told_in_three_sentences_of_either_language(advertised: Client) -> None:
    def told(slug: str, language: str) -> list[str]:
        with translation.override(language):
            found = sentences.about(change.explain(Figure(slug, WEEK), Compare.PREVIOUS, By.CHANNEL), "EUR")
            return [text.replace("\N{NO-BREAK SPACE}", "~") for text in found]

    assert told("spend", "en") == [
        "Ad spend went from €55.00 to €97.00, a difference of +€42.00.",
        "Channels that rose made +€47.00 of it, and those that fell −€5.00.",
        "The most came from Paid search: +€30.00; the most against it from Video: −€5.00.",
    ]
    assert told("cpc", "fr") == [
        "Coût par clic~: de 1,10~€ à 1,94~€, soit un écart de +0,84~€.",
        "Le poids des canaux y compte pour +0,30~€, et leurs propres ratios pour +0,40~€~; ce qui n’a pas de dénominateur, +0,14~€.",
        "Premier contributeur~: Référencement payant, +0,38~€~; principal effet contraire~: Réseaux sociaux payants, −0,02~€.",
    ]
    assert told("ctr", "en")[0].endswith("a difference of −4.2~pt.")
    assert told("cpl", "en") == ["The change of Media cost per lead is not known. Not reported by the source."]
