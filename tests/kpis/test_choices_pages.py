"""The pages on which a client decides how its figures are made, as its people use them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from accounts.audit import Actor
from accounts.models import User
from accounts.tenancy import inside
from kpis import choices
from kpis.choice_entries import ENTRIES
from kpis.choice_forms import FORMS
from kpis.choice_words import ASKS, GROUPS
from kpis.models import Choice
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Browser]
PAGE = "/c/lumen/settings/choices/"
# By the name of the choice: what is sent, as what it is kept, and how it is told.
DECISIONS: list[tuple[str, dict[str, Any], object, str]] = [
    ("tax_basis", {"value": "gross"}, "gross", "counted"),
    ("margin", {"value": "35.5"}, "0.355", "35.5%"),
    ("sales_costs", {"value": "Trade fair*\r\n\r\nSalaries\r\n"}, ["Trade fair*", "Salaries"], "Trade fair*, Salaries"),
    ("ignored_costs", {"value": "Rent"}, ["Rent"], "Rent"),
    ("engagement_parts", {"value": ["shares", "likes"]}, ["likes", "shares"], "likes, shares"),
    ("activity_window", {"value": "120"}, 120, "120 days"),
    ("retention_mode", {"value": "overlap"}, "overlap", "by orders in both periods"),
    ("repeat_revenue", {"value": "non_first"}, "non_first", "all orders but a customer's first"),
    ("lifetime_months", {"value": "24"}, 24, "24 months"),
    ("fiscal_start", {"value": "4"}, 4, "April"),
    ("mql_rule", {"kind": "score", "at_least": "50"}, {"kind": "score", "at_least": 50}, "a score of 50 or more"),
    (
        "sql_rule",
        {"kind": "events", "kind_1": "visit", "times_1": "10", "kind_2": "download", "asset_2": "white paper*"},
        {"kind": "events", "all": [{"kind": "visit", "times": 10}, {"kind": "download", "times": 1, "asset": "white paper*"}]},
        "10 × visit + 1 × download “white paper*”",
    ),
]


def texts(response: Any) -> str:
    plain = re.sub(r"<[^>]+>", " ", response.content.decode()).replace("&#x27;", "'")
    return " ".join(plain.split())


def test_every_choice_has_its_place_on_the_page_or_on_that_of_money_and_days() -> None:
    grouped = [name for _title, names in GROUPS for name in names]
    assert sorted(grouped) == sorted(FORMS) == sorted(ASKS) == sorted(set(ENTRIES) - {"week_start"})
    assert {name for name, form in FORMS.items() if form.dated} == {name for name, entry in ENTRIES.items() if entry.is_dated}
    assert {name for name, *_ in DECISIONS} == set(FORMS)


def test_each_is_said_with_what_it_changes_agreed_to_and_kept_with_who_decided(cast: Cast, signed_in: SignIn) -> None:
    browser = signed_in(cast.owner)
    before = texts(browser.get(PAGE))
    assert "By default" in before
    assert "None yet: everything is as it is" in before
    for name, sent, kept, told in DECISIONS:
        asked = browser.post(f"{PAGE}{name}/", sent)
        assert "This changes" in texts(asked), name
        assert f"“{told}” instead of" in texts(asked), name
        with inside(cast.client):
            assert not Choice.objects.filter(name=name).exists()
        hidden = set(re.findall(r'type="hidden" name="(\w+)"', asked.content.decode()))
        assert hidden == {*sent, "csrfmiddlewaretoken", "next"}  # the last is of the choice of language
        answer = browser.post(f"{PAGE}{name}/", sent | {"agreed": "yes"}, follow=True)
        assert "Saved. The figures are being computed again." in texts(answer)
        with inside(cast.client):
            assert Choice.objects.get(name=name).value == kept
        assert told in texts(answer)
        assert "Nothing was changed." in texts(browser.post(f"{PAGE}{name}/", sent, follow=True))
    assert f"Decided by {cast.owner.email} on" in texts(browser.get(PAGE))


def test_a_rule_may_hold_from_a_day_on(cast: Cast, signed_in: SignIn) -> None:
    browser = signed_in(cast.owner)
    sent = {"value": "40", "since": "2026-11-01"}
    assert "for the days from 1 November 2026 on" in texts(browser.post(f"{PAGE}margin/", sent))
    browser.post(f"{PAGE}margin/", sent | {"agreed": "yes"})
    assert "before: not chosen from 1 November 2026 on: 40%" in texts(browser.get(PAGE))


@pytest.mark.parametrize(
    ("name", "sent", "error"),
    [
        ("margin", {"value": "140"}, "less than or equal to 100"),
        ("activity_window", {"value": "0"}, "greater than or equal to 1"),
        ("mql_rule", {"kind": "score"}, "Say the score."),
        ("mql_rule", {"kind": "events"}, "Say at least one deed."),
        ("margin", {"value": "4", "since": "1066-10-14"}, "Use a day between 1970 and 2100."),
        ("engagement_parts", {}, "This field is required."),
        ("sales_costs", {"value": "\n".join(f"cost {number}" for number in range(101))}, "must be a list of at most 100 names"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_decided(cast: Cast, signed_in: SignIn, name: str, sent: dict[str, str], error: str) -> None:
    answer = signed_in(cast.owner).post(f"{PAGE}{name}/", sent | {"agreed": "yes"})
    assert error in texts(answer)
    with inside(cast.client):
        assert not Choice.objects.exists()


def test_an_analyst_reads_them_by_the_settings_of_the_navigation_and_changes_nothing(cast: Cast, signed_in: SignIn) -> None:
    analyst = signed_in(cast.analyst)
    assert f'href="{PAGE}"' in analyst.get("/c/lumen/").content.decode()
    html = analyst.get(PAGE).content.decode()
    assert "settings/choices/margin/" not in html
    assert analyst.post(f"{PAGE}margin/", {"value": "3", "agreed": "yes"}).status_code == 403
    assert signed_in(cast.viewer).get(PAGE).status_code == 403


def test_many_decisions_cost_no_more_queries_than_one(cast: Cast, signed_in: SignIn) -> None:
    browser = signed_in(cast.owner)

    def count(margin: str) -> int:
        with inside(cast.client):
            choices.choose(cast.client, "margin", margin, None, Actor("x"))
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(PAGE).status_code == 200
        return len(queries)

    count("0.1")
    assert count("0.2") == count("0.3") == count("0.4")
