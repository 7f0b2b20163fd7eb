"""What people are shown where nothing can be answered: in their language, with what is safe, what to do, and a way back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import close_old_connections, connection
from django.test import Client as Browser

from tests import databases
from tests.accounts.reading import text
from tests.conftest import Cast

LANGUAGES = ("en", "fr")
SAID: dict[int, tuple[str, str]] = {
    400: ("This cannot be understood", "Cette demande est illisible"),
    403: ("You may not do this", "Vous n'y êtes pas autorisé"),
    404: ("This page does not exist", "Cette page n'existe pas"),
    413: ("This is too large", "Cet envoi est trop volumineux"),
    500: ("Something broke on our side", "Une erreur s'est produite de notre côté"),
    503: ("Back in a moment", "De retour dans un instant"),
}


def check(page: Any, status: int, language: str, brand: str = "Agence Nord") -> None:
    html = page.content.decode()
    assert page.status_code == status
    assert f'<html lang="{language}">' in html
    assert SAID[status][LANGUAGES.index(language)] in text(page)
    assert brand in text(page)
    assert re.search(r'<a class="button[^"]*" href="/[^"]*"', html), "a way back"


@pytest.fixture
def browsers(own_database: str, cast: Cast, signed_in: Any) -> dict[str, Browser]:
    """By language, with real commits: what fails spoils no transaction of the test's."""
    found = {}
    for language in LANGUAGES:
        browser = found[language] = signed_in(cast.owner)
        browser.raise_request_exception = False
        browser.cookies["vigie_language"] = language
    return found


def test_whoever_asks_for_what_cannot_be_answered_is_told_so_and_led_back(browsers: dict[str, Browser], cast: Cast, signed_in: Any) -> None:
    for language, browser in browsers.items():
        check(browser.get("/c/lumen/nothing/here/"), 404, language)
        check(browser.post("/profile/", {f"field{n}": "" for n in range(5_001)}), 400, language)
        check(browser.post("/profile/", "name=" + "x" * 3_000_000, content_type="application/x-www-form-urlencoded"), 413, language)
        viewer = signed_in(cast.viewer)
        viewer.cookies["vigie_language"] = language
        check(viewer.get("/c/lumen/team/invite/"), 403, language)
    answer = browsers["en"].post("/api/v1/clients/lumen/notes/", "x" * 3_000_000, content_type="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (413, "application/json")


def test_what_breaks_is_told_under_a_reference_that_the_log_has(browsers: dict[str, Browser], caplog: pytest.LogCaptureFixture) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE public.reports_schedule RENAME TO gone")
    for language, browser in browsers.items():
        caplog.clear()
        page = browser.get("/c/lumen/reports/schedules/")
        check(page, 500, language)
        [reference] = re.findall(r"r[eé]f[eé]rence (\w{8})\b", text(page))
        [record] = [record for record in caplog.records if record.name == "django.request"]
        assert record.reference == f"[{reference}] "  # type: ignore[attr-defined]
        assert "reports_schedule" in caplog.text
    answer = browsers["en"].get("/api/v1/clients/lumen/schedules/")
    assert (answer.status_code, sorted(answer.json())) == (500, ["detail", "reference"])


def test_while_the_database_is_away_people_are_told_to_wait_and_then_go_on(browsers: dict[str, Browser]) -> None:
    for language, browser in browsers.items():
        assert browser.get("/c/lumen/team/").status_code == 200
        restart()
        page = browser.get("/c/lumen/team/?page=2")
        check(page, 503, language, brand="Vigie")
        assert page["Retry-After"]
        assert 'href="/c/lumen/team/?page=2"' in page.content.decode()
        close_old_connections()
        assert browser.get("/c/lumen/team/").status_code == 200
    restart()
    answer = browsers["en"].get("/api/v1/clients/")
    assert (answer.status_code, answer["Content-Type"]) == (503, "application/json")
    close_old_connections()


def restart() -> None:
    """As a restarting server does, it ends every session of the test's database."""
    with databases.server() as session:
        session.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [connection.settings_dict["NAME"]])
