"""A client chooses how its figures are made: what moves is done anew, nothing else is, and every decision is kept."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client as Browser
from django.utils.translation import override

from accounts import audit, tokens
from accounts.audit import Actor
from accounts.models import Client, Scope
from campaigns.models import Connection, ConversionAction, DirtyDay
from campaigns.streams import execute
from jobs import worker
from kpis import choices, recompute
from kpis.choice_entries import ENTRIES
from kpis.models import Choice, CostDayTotal, OrderDayTotal
from kpis.roll_ups import ROLL_UPS
from tests.conftest import Cast, LoadText

ADDRESS = "/api/v1/clients/lumen/choices/"
FILES = {
    "ads": "date,source,account,campaign,channel,impressions,clicks,spend\n2026-11-02,google_ads,1,Brand,paid_search,1,1,5\n",
    "leads": "lead_id,created_at,score,mql_at,channel\n"
    "L1,2026-11-02T10:00:00,70,2026-11-04T10:00:00,email\nL2,2026-11-08T10:00:00,20,,email\nL3,2026-11-12T10:00:00,80,,email\n",
    "orders": "order_id,ordered_at,amount,tax,margin\n"
    "O1,2026-11-03T10:00:00,100,20,\nO2,2026-11-09T10:00:00,50,0,10\nO3,2026-11-10T10:00:00,200,0,\n",
    "costs": "date,name,amount\n2026-11-02,Sales salaries,300\n2026-11-05,Fair_2026,40\n2026-11-06,Fair 2026,50\n",
    "social": "date,source,account,post_id,likes,comments,shares,saves\n2026-11-02,instagram,1,P1,5,2,1,9\n",
}


@pytest.fixture
def loaded(lumen: Client, load_text: LoadText) -> Client:
    for kind, text in FILES.items():
        load_text(lumen, kind, text)
    worker.work_off()
    return lumen


@pytest.fixture
def program(cast: Cast) -> Browser:
    secret = tokens.make(cast.client, name="warehouse", scope=Scope.WRITE, days=1, by=Actor("owner", cast.owner))[1]
    return Browser(SERVER_NAME="localhost", headers={"authorization": f"Bearer {secret}"})


def choose(name: str, value: str, since: str = "") -> str:
    out = io.StringIO()
    call_command("choose", "lumen", name, value, *(["--since", since] if since else []), stdout=out)
    return out.getvalue().strip()


def rows() -> dict[tuple[str, int], set[tuple[str, str]]]:
    """The rows of each roll-up by day, and which statement wrote each."""
    found: dict[tuple[str, int], set[tuple[str, str]]] = {}
    for roll_up in ROLL_UPS:
        for table in roll_up.tables:
            for day, row, written in execute(f"SELECT day, kept::text, xmin::text FROM {table} AS kept"):
                found.setdefault((roll_up.name, day.day), set()).add((row, written))
    return found


def redone(name: str, value: str, since: str = "") -> dict[str, list[int]]:
    """Which days of which roll-ups a choice has written anew."""
    before = rows()
    choose(name, value, since)
    after = rows()
    days: dict[str, list[int]] = {}
    for roll_up, day in sorted(before.keys() | after.keys()):
        if before.get((roll_up, day)) != after.get((roll_up, day)):
            days.setdefault(roll_up, []).append(day)
    return days


def margins() -> dict[int, int | None]:
    return {row.day.day: None if row.margin_nano is None else int(row.margin_nano) // 10**9 for row in OrderDayTotal.objects.all()}


def test_a_choice_redoes_the_days_it_moves_and_no_others(loaded: Client) -> None:
    score = '{"kind": "score", "at_least": 50}'
    # What counted on the fourth counts on the second from now on; the eighth is looked at, and comes to the same.
    assert redone("mql_rule", score) == {"leads": [2, 4, 12]}
    assert redone("mql_rule", '{"kind": "score", "at_least": 85}', since="2026-11-10") == {"leads": [12]}
    assert redone("sql_rule", score) == {"leads": [2, 12]}
    # An order that tells its own margin, and one without tax, stay as they are.
    assert redone("margin", "0.5", since="2026-11-05") == {"orders": [10]}
    assert redone("margin", "0.25") == {"orders": [3, 10]}
    assert redone("tax_basis", "gross") == {"orders": [3]}
    assert redone("sales_costs", '["sales*"]') == {"costs": [2]}
    assert redone("ignored_costs", '["FAIR_*"]') == {"costs": [5]}
    assert redone("engagement_parts", '["likes", "saves"]') == {"social": [2]}
    version, rebuilt = choices.version(), recompute.data_version()
    asked_when_read = [
        ("activity_window", "365"), ("retention_mode", "overlap"), ("repeat_revenue", "lifetime"), ("lifetime_months", "36"),
        ("week_start", "sunday"), ("fiscal_start", "4"),
    ]  # fmt: skip
    for name, value in asked_when_read:
        assert redone(name, value) == {}
        assert choices.version() > version
        version = choices.version()
    assert recompute.data_version() == rebuilt
    assert {name for name, entry in ENTRIES.items() if not entry.dirties} == {name for name, _ in asked_when_read}
    assert not DirtyDay.objects.exists()


def test_what_is_that_already_is_no_decision(loaded: Client) -> None:
    assert choose("margin", "0.5") == "margin is chosen; 2 days were summed anew."
    before = (choices.version(), recompute.data_version(), len(audit.events_of(loaded)))
    for value, since in (("0.50", ""), ("0.5", "2026-11-05")):
        assert choose("margin", value, since) == "margin is that already."
    assert choose("engagement_parts", '["shares", "likes", "comments", "likes"]') == "engagement_parts is that already."
    assert (choices.version(), recompute.data_version(), len(audit.events_of(loaded))) == before


def test_an_order_has_the_margin_of_its_day(loaded: Client) -> None:
    assert margins() == {3: None, 9: 10, 10: None}
    choose("margin", "0.4")
    choose("margin", "0.3", since="2026-11-10")
    assert margins() == {3: 40, 9: 10, 10: 60}
    choose("margin", "null", since="2026-11-04")
    assert margins() == {3: 40, 9: 10, 10: None}
    choose("margin", "0.1")
    assert margins() == {3: 10, 9: 10, 10: 20}


def test_names_of_costs_are_taken_literally_but_for_the_star(loaded: Client) -> None:
    choose("sales_costs", '["Fair_2026", "*SALARIES"]')
    costs = {row.day.day: (int(row.marketing_nano or 0) // 10**9, int(row.sales_nano or 0) // 10**9) for row in CostDayTotal.objects.all()}
    assert costs == {2: (0, 300), 5: (0, 40), 6: (50, 0)}
    choose("ignored_costs", '["fair 2026", "100%", "a\\\\b"]')
    assert [row.day.day for row in CostDayTotal.objects.order_by("day")] == [2, 5]


def test_everything_that_may_be_chosen_is_in_force_by_its_name(lumen: Client) -> None:
    assert set(choices.Choices.__dataclass_fields__) == ENTRIES.keys()
    assert choices.in_force() == choices.Choices()
    assert {name: entry.read(name, entry.default) for name, entry in ENTRIES.items()} == {n: e.default for n, e in ENTRIES.items()}
    assert all(name in audit.FIELDS for name in ENTRIES)


WRONG: list[tuple[str, object, str, str]] = [
    ("mql_rule", "score", "mql_rule", "must be a rule such as"),
    ("mql_rule", {"kind": "guess"}, "mql_rule.kind", "must be one of reported, score, events"),
    ("mql_rule", {"kind": "score"}, "mql_rule.at_least", "must be a whole number"),
    ("mql_rule", {"kind": "score", "at_least": 5, "more": 1}, "mql_rule.more", "is not known here"),
    ("sql_rule", {"kind": "events", "all": []}, "sql_rule.all", "must be a list of 1 to 10 conditions"),
    ("sql_rule", {"kind": "events", "all": [{"kind": "visit", "times": 0}]}, "sql_rule.all[0].times", "from 1 to 1000"),
    ("sql_rule", {"kind": "events", "all": [{"kind": "visit"}, {"kind": "nap"}]}, "sql_rule.all[1].kind", "visit, download"),
    ("activity_window", 0, "activity_window", "must be a whole number from 1 to 3650"),
    ("activity_window", True, "activity_window", "must be a whole number"),
    ("retention_mode", "luck", "retention_mode", "automatic, contractual, activity, overlap"),
    ("repeat_revenue", None, "repeat_revenue", "before_period, non_first, lifetime"),
    ("sales_costs", "Salaries", "sales_costs", "must be a list"),
    ("ignored_costs", ["ok", " "], "ignored_costs[1]", "must be a name"),
    ("margin", 1.5, "margin", "must be a number from 0 to 1"),
    ("margin", "NaN", "margin", "must be a number from 0 to 1"),
    ("margin", "1e-999999", "margin", "must be a number from 0 to 1"),
    ("tax_basis", "TTC", "tax_basis", "must be one of net, gross"),
    ("lifetime_months", 2.5, "lifetime_months", "must be a whole number"),
    ("week_start", "friday", "week_start", "monday, sunday, saturday"),
    ("fiscal_start", 13, "fiscal_start", "from 1 to 12"),
    ("engagement_parts", [], "engagement_parts", "must be a list of some of likes"),
    ("engagement_parts", ["likes", "winks"], "engagement_parts[1]", "must be one of likes"),
    ("colour", "red", "colour", "is not known here; there are mql_rule"),
    ("since", "yesterday", "since", "Date has wrong format"),
]


def test_what_cannot_be_is_refused_by_its_field_and_nothing_is_chosen(lumen: Client, program: Browser) -> None:
    for name, value, field, reason in WRONG:
        answer = program.patch(ADDRESS, {"margin": "0.2", name: value}, content_type="application/json")
        assert (answer.status_code, list(answer.json())) == (400, [field]), (name, value, answer.json())
        assert reason in answer.json()[field][0]
    undated = program.patch(ADDRESS, {"week_start": "sunday", "since": "2026-11-01"}, content_type="application/json")
    assert undated.json() == {"since": ["cannot be said of week_start, which holds for all days"]}
    assert program.patch(ADDRESS, {"margin": 0.2, "since": "0026-11-01"}, content_type="application/json").status_code == 400
    listed = program.patch(ADDRESS, "[1]", content_type="application/json")
    assert (listed.status_code, listed.json()) == (400, {"non_field_errors": ["Send an object."]})
    assert not Choice.objects.exists()
    with pytest.raises(CommandError, match=r"margin must be a number from 0 to 1 with at most 6 decimals, such as 0\.35\."):
        choose("margin", "40 %")
    with pytest.raises(CommandError, match="fiscal_start must be a whole number from 1 to 12"):
        choose("fiscal_start", "april")


def test_a_program_chooses_and_reads_what_is_in_force_and_who_decided(loaded: Client, program: Browser) -> None:
    google = Connection.objects.get(source="google_ads")
    ConversionAction.objects.create(connection=google, action="7", name="Purchase", counts_there=True, counts=False)
    answer = program.patch(
        ADDRESS, {"margin": 0.35, "mql_rule": {"kind": "score", "at_least": 50}, "since": "2026-11-10"}, content_type="application/json"
    )
    worker.work_off()
    assert answer.status_code == 200
    said = program.get(ADDRESS).json()
    assert said == answer.json()
    assert said["choices"]["margin"] | {"help": ""} == {
        "title": "Margin", "help": "", "value": "0.35", "default": None, "is_dated": True,
        "in_force": [{"since": None, "value": None}, {"since": "2026-11-10", "value": "0.35"}],
    }  # fmt: skip
    assert [(one["name"], one["value"], one["since"]) for one in said["history"]] == [
        ("mql_rule", {"kind": "score", "at_least": 50}, "2026-11-10"), ("margin", "0.35", "2026-11-10"),
    ]  # fmt: skip
    assert {one["made_by"].split()[1] for one in said["history"]} == {"warehouse"}
    assert said["conversion_actions"] == [
        {"platform": "google_ads", "account": "1", "action": "7", "name": "Purchase", "counts": False, "is_chosen": True}
    ]
    assert {"subject": "leads", "system": "file", "candidates": ["file"]} in said["systems_of_record"]
    assert margins() == {3: None, 9: 10, 10: 70}


def test_decisions_are_kept_and_told(loaded: Client, cast: Cast, signed_in: Any) -> None:
    choose("margin", "0.4")
    choose("margin", "0.3", since="2026-11-10")
    choose("sales_costs", '["Sales*"]')
    out = io.StringIO()
    call_command("choices", "lumen", stdout=out)
    lines = out.getvalue().splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("margin: "))
    told = [line.split(" operator: ")[-1].strip() for line in lines[start + 1 : start + 5]]
    assert told == ['always: "0.4"', 'from 2026-11-10: "0.3"', '"0.3" from 2026-11-10', '"0.4"']
    assert [audit.sentence(event) for event in audit.events_of(loaded)[:3]] == [
        "changed how figures are made: Costs of sales: none → Sales*",
        "changed how figures are made, for the days from 10 November 2026 on: Margin: 40% → 30%",
        "changed how figures are made: Margin: not chosen → 40%",
    ]
    with override("fr"):
        assert audit.sentence(audit.events_of(loaded)[2]) == "a changé le calcul des chiffres\u00a0: Marge\u00a0: non choisie → 40\u202f%"
    assert json.loads(signed_in(cast.owner).get(ADDRESS).content)["choices"]["margin"]["value"] == "0.3"


def test_decisions_are_told_in_the_readers_language(lumen: Client, cast: Cast, signed_in: Any) -> None:
    decided: dict[str, tuple[str, str]] = {
        "mql_rule": ('{"kind": "events", "all": [{"kind": "visit", "times": 10}]}', "selon sa source → 10 × visite"),
        "tax_basis": ("gross", "non comptées → comptées"),
        "ignored_costs": ('["Fair*"]', "aucun → Fair*"),
        "engagement_parts": ('["likes", "saves"]', "mentions J'aime, commentaires, partages → mentions J'aime, enregistrements"),
        "activity_window": ("30", "90 jours → 30 jours"),
        "retention_mode": ("overlap", "sinon par commandes → par commandes dans les deux périodes"),
        "repeat_revenue": ("lifetime", "→ des clients ayant au moins deux commandes, à toute date"),
        "lifetime_months": ("36", "→ 36 mois"),
        "week_start": ("sunday", "lundi → dimanche"),
        "fiscal_start": ("4", "janvier → avril"),
    }
    for name, (value, _told) in decided.items():
        choose(name, value)
    # As lines were written before.
    earlier = [{"field": "margin", "before": "", "after": "0.5"}, {"field": "mql_rule", "before": "reported", "after": "score ≥ 5"}]
    audit.record("choice.made", audit.OPERATOR, organisation=lumen, changes=earlier)
    page = signed_in(cast.owner).get("/c/lumen/activity/", headers={"accept-language": "fr"}).content.decode()
    page = page.replace("\N{NO-BREAK SPACE}", " ").replace("&#x27;", "'")
    assert [told for _, told in decided.values() if told not in page] == []
    assert "Marge : – → 50\u202f%" in page
    assert "reported → score ≥ 5" in page
