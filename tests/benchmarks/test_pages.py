"""A page as it is sent, against reading what it tells. The aim: less than twice the time of its data.

`python3 manage.py test tests/benchmarks/test_pages.py -m benchmark -n 0 -s`
`BENCHMARK_SCALE=0.1` makes a tenth of the campaigns, orders and leads. Both sides tell the same figures, or the test fails.

The page is the whole answer to a signed-in person: session, permissions, reading, words, charts, HTML, compressed. Its data is what
`gather.page` reads for it, in one transaction.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings

from accounts.services import create_client
from accounts.tenancy import inside
from tests.accounts.reading import SignIn
from tests.benchmarks.comparison import ROOT, times
from tests.benchmarks.test_dashboard import percentile
from tests.benchmarks.world import LAST, World, fill
from tests.conftest import Cast

pytestmark = pytest.mark.benchmark
ROUNDS = 40
QUERY = f"from=2026-06-01&to={LAST}"


def test_a_page_against_its_data(own_database: str, cast: Cast, signed_in: SignIn) -> None:
    client = create_client("many", name="Many", currency="EUR", timezone="Europe/Paris", agency=cast.agency)
    with inside(client):
        facts = fill(client, World(2).scaled())
    session = signed_in(cast.owner).cookies[settings.SESSION_COOKIE_NAME].value
    environment = {**os.environ, "DATABASE_URL": own_database, "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-m", "tests.benchmarks.read_pages", client.slug, session, QUERY, str(ROUNDS)]
    answer = json.loads(subprocess.run(command, env=environment, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout)
    print(f"\n{facts:,} facts, {QUERY}; milliseconds p50 / p95 on the clock, processor time of the quickest")
    for name, found in answer.items():
        assert found["shown"] == found["read"], name
        assert found["shown"], name
        ways = {way: times(found[way]) for way in ("data", "page")}
        for way, measured in ways.items():
            busy = min(each.busy for each in measured) * 1000
            print(f"  {name:10} {way:5} {percentile(measured, 0.5):7.1f} / {percentile(measured, 0.95):7.1f}  {busy:7.1f}")
        p50, p95 = (percentile(ways["page"], share) / percentile(ways["data"], share) for share in (0.5, 0.95))
        print(f"  {name:10} page / data {p50:.2f} × / {p95:.2f} ×, {found['bytes'] / 1000:.1f} kB sent")
