"""Finding a page, a KPI or a campaign by a few letters, of the days that one looks at."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from accounts.models import Client
from accounts.tenancy import inside
from campaigns.models import Campaign
from tests.conftest import Cast

DAYS = "from=2026-10-01&to=2026-10-31"


@pytest.fixture
def campaigns(lumen: Client) -> None:
    with inside(lumen):
        Campaign.objects.create(key="été · soldes", name="Été · Soldes", channel="paid_search", labels=["soldes"])
        Campaign.objects.create(key="brand", name="Brand", channel="paid_search")


def found(browser: Browser, query: str) -> dict[str, list[tuple[str, str]]]:
    groups = browser.get(f"/c/lumen/find.json?{query}").json()["groups"]
    return {group["title"]: [(hit["name"], hit["url"]) for hit in group["hits"]] for group in groups}


def test_everything_of_a_client_is_found_and_keeps_the_days(campaigns: None, cast: Cast, signed_in: Any) -> None:
    browser = signed_in(cast.viewer)
    assert found(browser, f"q=cac&{DAYS}")["Figures"][0] == (
        "Customer acquisition cost",
        f"/c/lumen/kpis/cac/?{DAYS}&compare=custom&compare_from=2026-09-01&compare_to=2026-09-30",
    )
    assert found(browser, f"q=ete&{DAYS}")["Campaigns"] == [
        ("Été · Soldes", f"/c/lumen/campaigns/?{DAYS}&campaign=%C3%89t%C3%A9+%C2%B7+Soldes"),
    ]
    assert found(browser, f"q=chan&{DAYS}")["Pages"] == [("Channels", f"/c/lumen/channels/?{DAYS}")]
    assert found(browser, "q=zzzz") == {}
    for address in (hit[1] for group in found(browser, f"q=c&{DAYS}").values() for hit in group):
        assert browser.get(address).status_code == 200, address


def test_the_best_comes_first(campaigns: None, cast: Cast, signed_in: Any) -> None:
    browser = signed_in(cast.owner)
    assert next(iter(found(browser, "q=brand"))) == "Campaigns"
    assert next(iter(found(browser, "q=camp"))) == "Pages"
    assert found(browser, "q=cost per")["Figures"][0][0].startswith("Cost per")


def test_one_finds_only_what_one_may_open(campaigns: None, cast: Cast, signed_in: Any) -> None:
    assert "Settings" in [name for name, _url in found(signed_in(cast.owner), "q=sett")["Pages"]]
    assert "Pages" not in found(signed_in(cast.viewer), "q=sett")
    assert signed_in(cast.stranger).get("/c/lumen/find.json?q=brand").status_code == 404


def test_without_scripts_it_is_a_page(campaigns: None, cast: Cast, signed_in: Any) -> None:
    html = signed_in(cast.viewer).get("/c/lumen/find/?q=brand").content.decode()
    assert 'href="/c/lumen/campaigns/?campaign=Brand"' in html
    assert "Nothing matches." in signed_in(cast.viewer).get("/c/lumen/find/?q=%3Cb%3Ezzz").content.decode()


def test_it_asks_as_often_for_many_campaigns_as_for_few(campaigns: None, lumen: Client, cast: Cast, signed_in: Any) -> None:
    browser = signed_in(cast.owner)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            browser.get("/c/lumen/find.json?q=a")
        return len(queries)

    asked()
    few = asked()
    with inside(lumen):
        Campaign.objects.bulk_create(Campaign(key=f"campaign {number}", name=f"Campaign {number}") for number in range(60))
    assert asked() == few
