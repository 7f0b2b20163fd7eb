"""The API says what the command says, to those who may hear it, and refuses bad questions by field."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from accounts.models import Client
from campaigns.imports import load
from campaigns.imports.kinds import KINDS
from jobs import worker
from kpis.definitions import DEFINITIONS
from tests.conftest import Cast

ADDRESS = "/api/v1/clients/lumen/kpis/"
WEEK = {"from": "2026-11-09", "to": "2026-11-15"}


@pytest.fixture
def browser(cast: Cast, signed_in: Any) -> Any:
    return signed_in(cast.viewer)


@pytest.fixture
def reported(lumen: Client, tmp_path: Path) -> Client:
    path = tmp_path / "orders.csv"
    path.write_text(
        "order_id,ordered_at,amount,channel\nO1,2026-11-10T10:00:00,80.10,email\nO2,2026-11-02T10:00:00,7,direct\nO3,2026-11-06T10:00:00,0,direct\nO4,2026-11-15T10:00:00,0,direct\n"
    )
    load(lumen, KINDS["orders"], path)
    worker.work_off()
    return lumen


@pytest.mark.parametrize("by", ["", "day", "week", "month", "channel", "campaign"])
def test_the_api_and_the_command_give_the_same_figures(reported: Client, browser: Any, by: str) -> None:
    answer = browser.get(ADDRESS, WEEK | ({"by": by} if by else {}))
    out = io.StringIO()
    call_command("kpis", "lumen", "--from", WEEK["from"], "--to", WEEK["to"], *(["--by", by] if by else []), "--json", stdout=out)
    assert answer.json() == json.loads(out.getvalue())
    assert answer.json()["kpis"]["revenue"] == {"value": "80.1", "reason": None, "unit": "money", "previous": "7"}


def test_a_part_is_not_compared_with_a_whole(lumen: Client, browser: Any, load_text: Any) -> None:
    """One of two shops told nothing since Monday: its week would look like a fall."""
    rows = [("fr", day) for day in (2, 7, 9)] + [("de", day) for day in (2, 9, 15)]
    load_text(
        lumen, "orders", "order_id,account,ordered_at,amount\n" + "".join(f"{s}{d},{s},2026-11-{d:02}T10:00:00,10\n" for s, d in rows)
    )
    worker.work_off()
    revenue = browser.get(ADDRESS, WEEK).json()["kpis"]["revenue"]
    assert (revenue["value"], revenue["previous"]) == ("30", None)


def test_only_the_asked_kpis_are_given(reported: Client, browser: Any) -> None:
    answer = browser.get(ADDRESS, WEEK | {"kpi": ["aov", "spend"]}).json()
    assert list(answer["kpis"]) == ["spend", "aov"]


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ({"to": "2026-11-15"}, "from"),
        ({"from": "2026-11-09"}, "to"),
        ({"from": "yesterday", "to": "2026-11-15"}, "from"),
        ({"from": "2026-11-15", "to": "2026-11-09"}, "to"),
        ({"from": "1000-01-01", "to": "2026-11-09"}, "to"),
        ({"from": "0001-01-01", "to": "0001-01-02"}, "from"),
        ({"from": "9999-12-30", "to": "9999-12-31", "by": "day"}, "to"),
        ({"from": "9999-12-30", "to": "9999-12-31", "by": "month"}, "to"),
        (WEEK | {"by": "colour"}, "by"),
        (WEEK | {"kpi": "happiness"}, "kpi"),
    ],
)
def test_a_bad_question_is_refused_with_the_field_at_fault(reported: Client, browser: Any, question: dict[str, str], field: str) -> None:
    answer = browser.get(ADDRESS, question)
    assert answer.status_code == 400
    assert list(answer.json()) == [field]


def test_the_api_can_only_be_read(reported: Client, browser: Any) -> None:
    for method in ("post", "put", "patch", "delete"):
        assert getattr(browser, method)(ADDRESS).status_code in {403, 405}


def test_the_description_names_the_address_its_parameters_and_every_kpi(reported: Client, browser: Any) -> None:
    described = browser.get("/api/v1/schema/", HTTP_ACCEPT="application/vnd.oai.openapi+json").json()
    operation = described["paths"]["/api/v1/clients/{client_slug}/kpis/"]["get"]
    assert {parameter["name"] for parameter in operation["parameters"]} == {"client_slug", "from", "to", "by", "kpi"}
    kpi = next(parameter for parameter in operation["parameters"] if parameter["name"] == "kpi")
    assert set(kpi["schema"]["items"]["enum"]) == DEFINITIONS.keys()


def test_the_description_is_made_without_warnings(cast: Cast, tmp_path: Path) -> None:
    call_command("spectacular", "--fail-on-warn", "--validate", "--file", str(tmp_path / "openapi.yaml"))
