"""Every figure leads to the rows it is made of, and every change to what made it."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from accounts import audit
from accounts.models import Client
from campaigns.models import PersonKey
from campaigns.rates.models import ExchangeRate
from campaigns.records import NANO
from jobs import worker
from kpis import choices, query, recompute
from kpis.definitions import DEFINITIONS, Definition, Reason
from kpis.explain import change, sentences
from kpis.explain.number import Figure
from kpis.explain.rows import Behind, Row, is_listed
from kpis.measures import Measure
from kpis.periods import ONE_DAY, Period
from kpis.query import By, Compare, Only
from tests.conftest import Cast, LoadText
from tests.kpis.worlds import WORLDS, load


def added_up(measure: Measure, rows: Iterable[Row]) -> Fraction | None:
    """The rows' sum, rounded to a billionth where the roll-ups round; None: a part is not known."""
    parts: dict[tuple[date, str, str], list[Fraction]] = defaultdict(list)
    for row in rows:
        if measure.slug in row.amounts:
            value = row.value(measure)
            if value is None:
                return None
            parts[row.day, row.channel, row.campaign].append(value)
    sums = (sum(values, Fraction(0)) for values in parts.values())
    return sum((to_billionths(one) if measure.is_money else one for one in sums), Fraction(0))


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
        answer = query.ask(part, only=only)
        listed = [definition for definition in DEFINITIONS.values() if all(is_listed(measure, only) for measure in definition.measures)]
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
        "Le poids des canaux y compte pour +0,30~€, et leurs propres ratios pour +0,40~€~; ce qui n'a pas de dénominateur, +0,14~€.",
        "Premier contributeur~: Référencement payant, +0,38~€~; principal effet contraire~: Réseaux sociaux payants, −0,02~€.",
    ]
    assert told("ctr", "en")[0].endswith("a difference of −4.2~pt.")
    assert told("cpl", "en") == ["The change of Media cost per lead is not known. Not reported by the source."]


ADDRESS = "/api/v1/clients/lumen/kpis/"
ASKED = {"from": "2026-11-09", "to": "2026-11-15"}


@pytest.fixture
def sold(advertised: Client, load_text: LoadText) -> Client:
    """Orders of two currencies, one of which has no rate on the second day, and of a campaign that looks like a formula."""
    ExchangeRate.objects.create(currency="USD", day=date(2026, 11, 9), per_euro=Decimal("1.25"))
    header = "order_id,ordered_at,kind,amount,currency,channel,campaign,customer_id\n"
    rows = [
        "O1,2026-11-09T10:00:00,order,100,USD,email,=Brand,C1", "O2,2026-11-10T10:00:00,order,40,EUR,direct,,C2",
        "R1,2026-11-11T10:00:00,refund,15,EUR,direct,,C2", "O3,2026-11-15T10:00:00,order,5,EUR,email,=Brand,C1",
    ]  # fmt: skip
    load_text(advertised, "orders", header + "\n".join(rows) + "\n")
    worker.work_off()
    return advertised


def command(*options: str) -> str:
    out = io.StringIO()
    call_command("explain", "lumen", *options, stdout=out)
    return out.getvalue()


def test_a_number_leads_to_its_formula_its_sums_its_data_and_its_rows(sold: Client, cast: Cast, signed_in: Any) -> None:
    browser = signed_in(cast.viewer)
    answer = browser.get(f"{ADDRESS}revenue/explain/", ASKED, headers={"accept-language": "en"})
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert (told["name"], told["formula"], told["version"]) == ("Revenue", "Order amounts − refunds by the day they were made", 1)
    assert (told["value"], told["reason"], told["days_loaded"], told["days"]) == ("110", None, 7, 7)
    assert [(part["slug"], part["value"], part["rows"]) for part in told["measures"]] == [("revenue", "110", "listed")]
    assert {"name": "Revenue as told by", "value": "Files"} in told["choices"]
    [loaded] = told["loaded"]
    assert (loaded["family"], loaded["days_loaded"], loaded["last_day"]) == ("orders", 7, "2026-11-15")
    assert loaded["last_pull"]["file_name"].endswith(".csv")
    first, *others = told["rows"]
    assert (first["day"], first["channel"], first["campaign"], first["reference"]) == ("2026-11-09", "email", "=Brand", "O1")
    assert (first["currency"], first["rate"], first["measures"]) == ("USD", "0.8", {"revenue": {"amount": "100", "value": "80"}})
    assert first["pull"] == loaded["last_pull"]
    assert [row["measures"]["revenue"]["value"] for row in others] == ["40", "-15", "5"]
    assert [(teller["source"], teller["rows"], teller["pulls"]) for teller in told["tellers"]] == [("file", 4, 1)]
    assert "C1" not in answer.content.decode()
    assert json.loads(command("revenue", "--from", ASKED["from"], "--to", ASKED["to"], "--json"))["rows"] == told["rows"]
    assert "O1: revenue 80" in command("revenue", "--from", ASKED["from"], "--to", ASKED["to"])


def test_rows_follow_each_other_page_by_page_and_in_a_file(sold: Client, cast: Cast, signed_in: Any) -> None:
    browser = signed_in(cast.viewer)
    whole = browser.get(f"{ADDRESS}aov/explain/", ASKED).json()
    pages = [browser.get(f"{ADDRESS}aov/explain/", ASKED | {"page": page, "page_size": 2}).json() for page in (1, 2, 3)]
    assert [row for page in pages for row in page["rows"]] == whole["rows"]
    assert [page["paging"] for page in pages] == [{"page": page, "page_size": 2, "pages": 2, "rows": 3} for page in (1, 2, 3)]
    file = browser.get(f"{ADDRESS}aov/explain/", ASKED | {"format": "csv"})
    assert file["Content-Type"] == "text/csv; charset=utf-8"
    assert file["Content-Disposition"] == 'attachment; filename="lumen-aov-2026-11-09-2026-11-15.csv"'
    text = b"".join(file.streaming_content).decode()
    assert text == command("aov", "--from", ASKED["from"], "--to", ASKED["to"], "--csv")
    lines = list(csv.DictReader(io.StringIO(text.removeprefix("\N{BYTE ORDER MARK}"))))
    assert {line["campaign"] for line in lines} == {"'=Brand", ""}
    sums = {part["slug"]: sum(Fraction(line["value"]) for line in lines if line["measure"] == part["slug"]) for part in whole["measures"]}
    assert sums == {part["slug"]: Fraction(part["value"]) for part in whole["measures"]} == {"order_amount": 125, "orders": 3}


def test_a_part_leads_to_its_own_rows(sold: Client, cast: Cast, signed_in: Any) -> None:
    browser = signed_in(cast.viewer)
    part = browser.get(f"{ADDRESS}revenue/explain/", ASKED | {"channel": "email", "campaign": "=brand"}).json()
    assert (part["value"], [row["reference"] for row in part["rows"]]) == ("85", ["O1", "O3"])
    paid = browser.get(f"{ADDRESS}cpc/explain/", ASKED | {"channel": ["paid_search", "display"]}).json()
    assert [(row["channel"], row["reference"], row["measures"]["clicks"]["value"]) for row in paid["rows"]] == [
        ("paid_search", "Brand", "20"), ("display", "Shop", "20"),
    ]  # fmt: skip
    assert paid["value"] == "2"


def test_customers_are_listed_by_number(sold: Client, cast: Cast, signed_in: Any) -> None:
    browser = signed_in(cast.viewer)
    told = browser.get(f"{ADDRESS}arpa/explain/", ASKED).json()
    assert (told["value"], [part["rows"] for part in told["measures"]]) == ("55", ["listed", "listed"])
    names = [row["reference"] for row in told["rows"] if "customers" in row["measures"]]
    assert len(set(names)) == 2
    assert all(name.isdigit() for name in names)
    subscribers = browser.get(f"{ADDRESS}subscribers/explain/", ASKED | {"channel": "email"}).json()
    assert [part["rows"] for part in subscribers["measures"]] == ["not_divisible"]


SUBSCRIBED = """subscription_id,customer_id,started_at,ended_at,mrr
S1,Kept,2026-07-15,2026-10-10,10
S2,Kept,2026-10-10,,30
S3,Lost,2026-08-01,2026-10-20,20
S4,Reduced,2026-09-01,,40
S5,Reduced,2026-09-01,2026-10-15,5
S6,New,2026-10-05,,8
S7,Passing,2026-10-06,2026-10-09,9
"""
OCTOBER = {"from": "2026-10-01", "to": "2026-10-31"}


def listed(browser: Any, slug: str, asked: dict[str, str]) -> tuple[str | None, dict[str, list[tuple[str, dict[str, str]]]]]:
    """The figure, and by reference the days of the rows behind it, with what they add to each measure."""
    told = browser.get(f"{ADDRESS}{slug}/explain/", asked).json()
    rows: dict[str, list[tuple[str, dict[str, str]]]] = {}
    for row in told["rows"]:
        rows.setdefault(row["reference"], []).append((row["day"], {name: part["value"] for name, part in row["measures"].items()}))
    return told["value"], rows


@pytest.fixture
def subscribed(lumen: Client, load_text: LoadText) -> Client:
    load_text(lumen, "subscriptions", SUBSCRIBED)
    # The platform has told up to the end of the month.
    load_text(lumen, "subscriptions", SUBSCRIBED.splitlines()[0] + "\nS9,Later,2026-11-01,,1\n")
    worker.work_off()
    return lumen


def number_of(name: str) -> str:
    return str(PersonKey.objects.get(value=name).person_id)


def test_retention_and_churn_list_who_was_kept_lost_and_new(subscribed: Client, cast: Cast, signed_in: Any) -> None:
    kept, lost, reduced, new = map(number_of, ("Kept", "Lost", "Reduced", "New"))
    for slug, value in (("retention_rate", Fraction(2, 3)), ("churn_rate", Fraction(1, 3))):
        found, rows = listed(signed_in(cast.viewer), slug, OCTOBER)
        assert found
        assert abs(Fraction(found) - value) < Fraction(1, 10**20)
        both = {"customers_at_start": "1", "customers_at_end": "1"}
        assert rows == {
            kept: [("2026-07-15", both)], reduced: [("2026-09-01", both)], lost: [("2026-10-20", {"customers_at_start": "1"})],
            new: [("2026-10-05", {"customers_at_end": "1", "new_at_end": "1"})],
        }  # fmt: skip
    choices.choose(subscribed, "retention_mode", "overlap", None, audit.OPERATOR)
    _value, rows = listed(signed_in(cast.viewer), "retention_rate", OCTOBER)
    assert rows[number_of("Passing")] == [("2026-10-01", {"customers_at_end": "1", "new_at_end": "1"})]


def test_recurring_revenue_lists_what_each_customer_had_lost_and_kept(subscribed: Client, cast: Cast, signed_in: Any) -> None:
    kept, lost, reduced = map(number_of, ("Kept", "Lost", "Reduced"))
    value, rows = listed(signed_in(cast.viewer), "nrr", OCTOBER)
    assert value
    assert rows == {
        kept: [("2026-07-15", {"mrr_at_start": "10", "mrr_kept": "30"})], lost: [("2026-10-20", {"mrr_at_start": "20"})],
        reduced: [("2026-09-01", {"mrr_at_start": "45", "mrr_kept": "40"})],
    }  # fmt: skip
    assert abs(Fraction(value) - Fraction(70, 75)) < Fraction(1, 10**20)
    _grr, rows = listed(signed_in(cast.viewer), "grr", OCTOBER)
    assert [parts.get("mrr_lost") for [(_day, parts)] in (rows[kept], rows[lost], rows[reduced])] == [None, "20", "5"]


def test_a_lifetime_and_a_payback_list_the_months_they_follow_from(lumen: Client, load_text: LoadText, cast: Cast, signed_in: Any) -> None:
    header = "order_id,customer_id,ordered_at,amount,channel\n"
    orders = "O1,C1,2026-08-06,50,email\nO2,C1,2026-09-06,30,\nO3,C1,2026-11-06,90,\nO4,C2,2026-08-07,10,direct\n"
    load_text(lumen, "orders", header + orders)
    load_text(lumen, "ads", "date,source,account,campaign,spend\n2026-08-05,google_ads,1,Brand,60\n2026-09-30,google_ads,1,Brand,0\n")
    load_text(lumen, "costs", "date,name,amount\n2026-08-31,fair,40\n2026-09-30,fair,0\n")
    worker.work_off()
    browser = signed_in(cast.viewer)
    value, rows = listed(browser, "payback_months", {"from": "2026-08-01", "to": "2026-08-31"})
    assert (value, {name: rows[name] for name in rows if name.startswith("M+")}) == ("3", {
        "M+0": [("2026-08-01", {"brought_so_far": "60"})], "M+1": [("2026-09-01", {"payback_months": "1", "brought_so_far": "30"})],
        "M+3": [("2026-11-01", {"payback_months": "2", "brought_so_far": "90"})],
    })  # fmt: skip
    asked = {"from": "2026-08-01", "to": "2026-09-30"}
    _value, rows = listed(browser, "clv", asked)
    assert rows["2026-08"] == [
        ("2026-08-01", {"monthly_revenue": "10", "monthly_customers": "1"}),
        ("2026-08-01", {"monthly_revenue": "50", "monthly_customers": "1"}),
    ]
    choices.choose(lumen, "lifetime_months", 36, None, audit.OPERATOR)
    told = browser.get(f"{ADDRESS}clv/explain/", asked).json()
    stayed = [row["measures"]["months_stayed"]["value"] for row in told["rows"] if "months_stayed" in row["measures"]]
    assert (told["value"], stayed) == ("1080", ["36"])


def test_what_is_not_known_shows_the_rows_that_are_to_blame(lumen: Client, load_text: LoadText, cast: Cast, signed_in: Any) -> None:
    load_text(lumen, "orders", "order_id,ordered_at,amount,currency\nO1,2026-11-09T10:00:00,8,CHF\nO2,2026-11-15T10:00:00,7,EUR\n")
    worker.work_off()
    told = signed_in(cast.viewer).get(f"{ADDRESS}revenue/explain/", ASKED).json()
    assert (told["value"], told["reason"]) == (None, "no_exchange_rate")
    assert [(row["currency"], row["rate"], row["measures"]["revenue"]) for row in told["rows"]] == [
        ("CHF", None, {"amount": "8", "value": None}), ("EUR", "1", {"amount": "7", "value": "7"}),
    ]  # fmt: skip


def test_a_change_is_asked_for_by_a_program_as_at_the_command_line(advertised: Client, cast: Cast, signed_in: Any) -> None:
    browser = signed_in(cast.viewer)
    asked = ASKED | {"compare": "custom", "compare_from": "2026-11-02", "compare_to": "2026-11-08", "by": "campaign"}
    told = browser.get(f"{ADDRESS}cpc/change/", asked, headers={"accept-language": "en"}).json()
    options = [part for name, value in asked.items() for part in (f"--{name.replace('_', '-')}", value)]
    assert told == json.loads(command("cpc", "--change", "--json", *options))
    assert (told["previous"], told["value"], told["difference"], told["effect"]["total"]) == ("1.1", "1.94", "0.84", "0.84")
    assert sum(Decimal(group["effect"]["total"]) for group in told["groups"]) == Decimal("0.84")
    assert told["groups"][0]["key"] == "Brand"
    assert told["sentences"][0] == "Cost per click went from €1.10 to €1.94, a difference of +€0.84."
    unknown = browser.get(f"{ADDRESS}cpc/change/", ASKED | {"compare": "last_year"}).json()
    assert (unknown["difference"], unknown["reason"], unknown["groups"], len(unknown["sentences"])) == (None, "not_reported", [], 1)


def test_a_bad_question_is_refused_with_the_field_at_fault(lumen: Client, cast: Cast, signed_in: Any) -> None:
    browser = signed_in(cast.viewer)
    for address, question, field in [
        ("explain", {"to": "2026-11-15"}, "from"), ("explain", ASKED | {"by": "channel"}, "by"),
        ("explain", ASKED | {"format": "xml"}, "format"),
        ("explain", ASKED | {"format": "csv", "page": "0"}, "page"), ("change", ASKED | {"by": "label"}, "by"),
        ("change", ASKED | {"compare": "custom"}, "compare_from"), ("change", ASKED | {"page": "2"}, "page"),
    ]:  # fmt: skip
        answer = browser.get(f"{ADDRESS}cpc/{address}/", question)
        assert (answer.status_code, field in answer.json()) == (400, True), (address, question, answer.content)
    with pytest.raises(CommandError, match=r"^--compare-from"):
        command("cpc", "--change", "--from", "2026-11-09", "--to", "2026-11-15", "--compare", "custom")


def test_a_page_shows_it_all_and_leads_to_the_file(sold: Client, cast: Cast, signed_in: Any) -> None:
    browser = signed_in(cast.viewer)
    page = browser.get("/c/lumen/kpis/aov/", ASKED, headers={"accept-language": "fr"})
    assert page.status_code == 200
    text = page.content.decode().replace("\N{NO-BREAK SPACE}", " ")
    assert "Panier moyen" in text
    assert "41,67 €" in text
    assert "O1" in text
    assert "100,00 $US" in text
    file = browser.get(re.findall(r'href="(/api/[^"]*explain/[^"]*csv)"', text)[0].replace("&amp;", "&"))
    assert file["Content-Type"] == "text/csv; charset=utf-8"
    assert b"O1" in b"".join(file.streaming_content)
    change = browser.get("/c/lumen/kpis/cpc/", ASKED, headers={"accept-language": "en"}).content.decode()
    assert "Cost per click went from €1.10 to €1.94, a difference of +€0.84." in change
    assert browser.get("/c/lumen/kpis/cpc/", ASKED | {"page": "no"}).status_code == 404


def test_every_figure_has_a_page_and_answers_programs(sold: Client, cast: Cast, signed_in: Any) -> None:
    browser = signed_in(cast.viewer)
    for slug in DEFINITIONS:
        asked = f"{slug}/?from=2026-11-09&to=2026-11-15"
        assert browser.get(f"/c/lumen/kpis/{asked}").status_code == 200, slug
        for door in ("explain", "change"):
            assert browser.get(f"/api/v1/clients/lumen/kpis/{asked.replace('/?', f'/{door}/?')}").status_code == 200, slug
