"""A part of a page fails: the rest is told and right, the part says so where it would stand, and the log has its reference."""

from __future__ import annotations

import re
from html import unescape
from importlib import import_module
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.http import HttpResponse

from accounts.models import Client
from reports.pages import blocks
from tests.accounts.reading import text
from tests.conftest import Cast, LoadText
from tests.reports.company import Company

DAYS = "?from=2026-10-01&to=2026-10-31"


@pytest.fixture
def company(own_database: str, lumen: Client, load_text: LoadText) -> Company:
    """With real commits: what is read here holds no lock against what a test does elsewhere."""
    company = Company()
    company.load(lumen, load_text)
    return company


def failed(page: HttpResponse) -> list[str]:
    """The heads of the parts that say that they could not be shown."""
    return re.findall(r'<section class="card failed" role="alert">\s*<h2>([^<]+)</h2>', unescape(page.content.decode()))


def tiles(page: HttpResponse) -> list[str]:
    return re.findall(r'<li class="tile.*?</li>', page.content.decode(), re.DOTALL)


def reference(page: HttpResponse) -> str:
    [found] = set(re.findall(r"(?:the reference|la référence) (\w{8})", text(page)))
    return str(found)


def test_what_fails_is_said_in_its_place_and_all_else_is_as_before(
    company: Company,
    own_database: str,
    cast: Cast,
    lumen: Client,
    signed_in: Any,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    browser = signed_in(cast.viewer)
    overview = f"/c/lumen/{DAYS}"
    before = browser.get(overview)
    assert failed(before) == []
    assert len(tiles(before)) == 6

    # A statement that waits too long.
    with connection.cursor() as cursor, psycopg.connect(own_database) as other:
        cursor.execute("SET statement_timeout = '300ms'")
        other.execute(f'LOCK TABLE "{lumen.schema_name}".archive_note')
        page = browser.get(overview)
        assert page.status_code == 200
        assert failed(page) == ["From your team"]
        assert tiles(page) == tiles(before)
        [record] = [record for record in caplog.records if record.name == "reports.pages.views"]
        assert "its notes" in record.getMessage()
        assert f"[{reference(page)}]" in record.reference  # type: ignore[attr-defined]
        assert "statement timeout" in caplog.text

        # The question that all figures answer, of days that nobody asked for before: nothing is said that would be wrong.
        other.execute(f'LOCK TABLE "{lumen.schema_name}".kpis_leaddaytotal')
        page = browser.get("/c/lumen/?from=2026-09-01&to=2026-09-30")
        assert failed(page) == ["Figures"]
        assert tiles(page) == []
        assert "Show this period" in text(page)
        for word in ("No figures yet", "No source is connected", "Data complete"):
            assert word not in text(page)
        cursor.execute("SET statement_timeout = 0")

    # A chart that cannot be drawn, in the reader's language.
    def broken(*_given: Any, **_named: Any) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(blocks, "line_chart", broken)
    browser.cookies["vigie_language"] = "fr"
    page = browser.get(overview)
    assert failed(page) == ["Graphiques"]
    assert len(tiles(page)) == 6
    assert "Recharger la page" in text(page)
    assert reference(page)


def test_a_document_that_cannot_be_made_says_so_and_leads_back(
    company: Company, cast: Cast, signed_in: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    browser = signed_in(cast.viewer)
    browser.raise_request_exception = False
    monkeypatch.setattr(import_module("reports.rendering.pdf"), "_FOLDER", tmp_path)
    page = browser.get("/c/lumen/reports/2026-W43.pdf")
    assert page.status_code == 500
    assert "The PDF could not be made" in text(page)
    assert "Agence Nord" in text(page)
    assert reference(page)
