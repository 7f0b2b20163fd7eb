"""A page as it is sent, against reading what it tells. The aim: less than twice the time of its data.

`python3 manage.py test tests/benchmarks/test_pages.py -m benchmark -n 0 -s`
`BENCHMARK_SCALE=0.1` makes a tenth of the campaigns, orders and leads. Both sides tell the same figures, or the test fails.

The page is the whole answer to a signed-in person: session, permissions, reading, words, charts, HTML, compressed. Its data is what
`gather.page` reads for it, in one transaction, nothing kept from one time to the next. Both run in this process, one after the other,
round after round.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client as Browser
from django.utils import timezone
from django.utils.translation import override

from accounts import brand
from accounts.models import Client
from accounts.services import create_client
from accounts.tenancy import inside
from campaigns.streams import execute
from kpis import choices
from reports import gather
from reports.content import Report
from reports.gather.frame import Frame
from reports.pages.asked import asked
from reports.pages.catalogue import PAGES
from reports.pages.parts import told
from reports.presentation import present
from tests.benchmarks.meter import Spent, spent
from tests.benchmarks.test_dashboard import percentile
from tests.benchmarks.world import LAST, World, fill
from tests.conftest import Cast

pytestmark = pytest.mark.benchmark
ROUNDS = 40
QUERY = f"from=2026-06-01&to={LAST}"
SHOWN = ("overview", "channels", "campaigns", "customers")


def test_a_page_against_its_data(own_database: str, cast: Cast, signed_in: Any, settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    client = create_client("many", name="Many", currency="EUR", timezone="Europe/Paris", agency=cast.agency)
    browser = signed_in(cast.owner)
    with inside(client):
        facts = fill(client, World(2).scaled())
        backend = execute("SELECT pg_backend_pid()")[0][0]
    print(f"\n{facts:,} facts, {QUERY}; milliseconds p50 / p95 on the clock, processor time of the quickest")
    for name in SHOWN:
        measure(client, browser, name, backend)


def measure(client: Client, browser: Browser, name: str, backend: int) -> None:
    address = f"/c/{client.slug}/{'' if name == 'overview' else f'{name}/'}?{QUERY}"
    sent: list[bytes] = []

    def page() -> None:
        response = browser.get(address, headers={"accept-encoding": "gzip"})
        assert response.headers["Content-Encoding"] == "gzip"
        sent[:] = [response.content]

    def data() -> Report:
        with inside(client):
            return read(client, name)

    ways: dict[str, Callable[[], object]] = {"data": data, "page": page}
    found: dict[str, list[Spent]] = {way: [] for way in ways}
    for number in range(ROUNDS + 2):
        for way, action in ways.items():
            took = spent(action, backend)
            if number >= 2:
                found[way].append(took)
    assert tiles(browser.get(address).content.decode()) == said(client, data())
    p50, p95 = (percentile(found["page"], share) / percentile(found["data"], share) for share in (0.5, 0.95))
    for way, measured in found.items():
        busy = min(each.busy for each in measured) * 1000
        print(f"  {name:10} {way:5} {percentile(measured, 0.5):7.1f} / {percentile(measured, 0.95):7.1f}  {busy:7.1f}")
    print(f"  {name:10} page / data {p50:.2f} × / {p95:.2f} ×, {len(sent[0]) / 1000:.1f} kB sent")


def read(client: Client, name: str) -> Report:
    """What the page tells, and nothing else."""
    now, calendar = timezone.now(), choices.in_force().calendar
    question = asked(QueryDict(QUERY), now.astimezone(client.zone).date(), calendar)
    frame = Frame.of_page(client, question.period, question.previous, question.only, now, calendar)
    return gather.page(frame, list(told(PAGES[name], is_confined=False)), question.compared)


def said(client: Client, report: Report) -> dict[str, str]:
    """The figures at the head of the page."""
    with inside(client), override("en"):
        return {tile.slug: tile.value for tile in present(report, "en", brand.of_organisation(client)).tiles}


def tiles(html: str) -> dict[str, str]:
    found = re.findall(r'id="kpi-([a-z0-9_]+)">.*?<p class="tile-value[^"]*">(.*?)(?: <span|</p>)', html, re.DOTALL)
    return {slug: unescape(value) for slug, value in found}
