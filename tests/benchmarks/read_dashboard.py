"""A reader of the dashboard's data, in a process of its own: `python -m tests.benchmarks.read_dashboard client ours|facts repeats`.

Says "ready", waits for a line, and writes `[Spent]`. Nothing is kept from one time to the next.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import django
from django.conf import settings
from django.db import connection

from tests.benchmarks import dashboard
from tests.benchmarks.meter import spent


def main(slug: str, way: str, repeats: int) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    django.setup()
    from accounts.models import Client
    from accounts.tenancy import inside

    with inside(Client.objects.get(slug=slug)):
        read = readers()[way]
        backend = execute("SELECT pg_backend_pid()")[0][0]
        read()
        read()
        print("ready", flush=True)
        sys.stdin.readline()
        print(json.dumps([spent(read, backend) for _ in range(repeats)]), flush=True)


def readers() -> dict[str, Callable[[], object]]:
    over_facts = dashboard.statements(dashboard.FACTS)
    return {"ours": ours, "facts": lambda: dashboard.answers(over_facts, execute)}


def ours() -> dashboard.Figures:
    """All of it in one question, with what the other sides say of it."""
    from kpis.periods import Period
    from kpis.query import By, Question, ask_all

    period = Period(dashboard.SINCE, dashboard.UNTIL)
    totals, days, campaigns = ask_all(
        [
            Question(period, None, dashboard.TOTALS),
            # Day by day with the days before, rather than each with the day before it.
            Question(period, By.DAY, dashboard.SERIES, period.previous),
            Question(period, By.CAMPAIGN, dashboard.BY_CAMPAIGN),
        ]
    )
    total = totals.total.values(dashboard.TOTALS, totals.coverage)
    series = [(group, group.values(dashboard.SERIES, days.coverage)) for group in days.groups]
    highest = sorted(campaigns.groups, key=lambda group: -group.sums.get("spend").total)[: dashboard.TOP]
    listed = [(group, group.values(dashboard.BY_CAMPAIGN, campaigns.coverage)) for group in highest]
    return {"totals": (totals.total, total), "series": series, "campaigns": listed}


def execute(statement: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
