"""Pages of a client as they are sent, and their data, in a process of its own.

`python -m tests.benchmarks.read_pages client session query rounds` writes, by page, `{"data": [Spent], "page": [Spent], "bytes", "read",
"shown"}`. Not where tests run, which note every template that a page is made of. Nothing is kept from one time to the next; both ways
take turns, so that what else the machine does meets both.
"""

from __future__ import annotations

import json
import re
import sys
from html import unescape
from typing import Any

import django
from django.conf import settings

from tests.benchmarks.meter import spent

SHOWN = ("overview", "channels", "campaigns", "customers")


def main(slug: str, session: str, query: str, rounds: int) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    django.setup()
    from accounts.models import Client

    client = Client.objects.select_related("agency").get(slug=slug)
    print(json.dumps({name: measured(client, name, session, query, rounds) for name in SHOWN}))


def measured(client: Any, name: str, session: str, query: str, rounds: int) -> dict[str, Any]:
    from django.db import connection
    from django.test import Client as Browser

    browser = Browser(SERVER_NAME="localhost")
    browser.cookies[settings.SESSION_COOKIE_NAME] = session
    address = f"/c/{client.slug}/{'' if name == 'overview' else f'{name}/'}?{query}"

    def page() -> bytes:
        response = browser.get(address, headers={"accept-encoding": "gzip"})
        assert (response.status_code, response.headers["Content-Encoding"]) == (200, "gzip"), response
        return response.content

    def data() -> Any:
        return read(client, name, query)

    for _ in range(2):
        data(), page()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    pairs = [(spent(data, backend), spent(page, backend)) for _ in range(rounds)]
    return {
        "data": [each for each, _ in pairs],
        "page": [each for _, each in pairs],
        "bytes": len(page()),
        "read": told(client, data()),
        "shown": tiles(browser.get(address).content.decode()),
    }


def read(client: Any, name: str, query: str) -> Any:
    """What the page tells, and nothing else, in one transaction."""
    from django.http import QueryDict
    from django.utils import timezone

    from accounts.tenancy import inside
    from kpis import choices
    from reports import gather
    from reports.gather.frame import Frame
    from reports.pages.asked import asked
    from reports.pages.catalogue import PAGES
    from reports.pages.parts import told as sections

    with inside(client):
        now, calendar = timezone.now(), choices.in_force().calendar
        question = asked(QueryDict(query), now.astimezone(client.zone).date(), calendar)
        frame = Frame.of_page(client, question.period, question.previous, question.only, now, calendar)
        return gather.page(frame, list(sections(PAGES[name], is_confined=False)), question.compared)


def told(client: Any, report: Any) -> dict[str, str]:
    """The figures at the head of the page."""
    from django.utils.translation import override

    from accounts import brand
    from accounts.tenancy import inside
    from reports.presentation import present

    with inside(client), override("en"):
        return {tile.slug: tile.value for tile in present(report, "en", brand.of_organisation(client)).tiles}


def tiles(html: str) -> dict[str, str]:
    found = re.findall(r'id="kpi-([a-z0-9_]+)">.*?<p class="tile-value[^"]*">(.*?)(?: <span|</p>)', html, re.DOTALL)
    return {slug: unescape(value) for slug, value in found}


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
