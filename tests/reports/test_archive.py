"""What was kept can be read, whichever version kept it, and names no person."""

from __future__ import annotations

import hashlib
from datetime import date
from decimal import Decimal

from accounts.models import Client
from reports import preparing
from reports.archive import exports, reading
from reports.archive.models import Snapshot
from reports.presentation import present
from tests.reports.test_presentation import BRAND

# As the version before there were other cadences than weeks kept it.
OF_A_WEEK = (
    '{"campaigns":{"rows":[{"channel":"paid_search","figures":{"spend":{"is_provisional":false,"previous":"410","reason":null,"slug":"spend",'
    '"value":"420.5"}},"is_rest":false,"key":"Brand"}],"slugs":["spend"],"total":{"channel":"","figures":{"spend":{"is_provisional":false,'
    '"previous":"410","reason":null,"slug":"spend","value":"420.5"}},"is_rest":false,"key":""}},"channels":{"rows":[],"slugs":["spend"],'
    '"total":{"channel":"","figures":{"spend":{"is_provisional":false,"previous":"410","reason":null,"slug":"spend","value":"420.5"}},'
    '"is_rest":false,"key":""}},"client_name":"Maison Lumen","client_slug":"lumen","currency":"EUR","data_version":4,'
    '"generated_at":"2026-11-16T07:00:00Z","leads_by_channel":{"email":["3",null]},"previous_since":"2026-11-02",'
    '"previous_until":"2026-11-08","since":"2026-11-09","sources":[{"account":"import","complete_until":"2026-11-15","family":"ads",'
    '"kind":"file","lost_access":false,"missing_days":["2026-11-10"],"settled_until":"2026-11-15","source":"file"}],"tiles":[{"figure":'
    '{"is_provisional":false,"previous":"410","reason":null,"slug":"spend","value":"420.5"},"trend":{"slug":"spend","values":["410",'
    '"420.5"]}}],"timezone":"Europe/Paris","until":"2026-11-15","week":"2026-W46","weeks":["2026-W45","2026-W46"]}'
)


def test_a_report_that_an_earlier_version_sent_can_still_be_shown(lumen: Client) -> None:
    kept = Snapshot.objects.create(run_id=1, period="2026-W46", figures=OF_A_WEEK, sha256=hashlib.sha256(OF_A_WEEK.encode()).hexdigest())
    report = preparing.restored(kept)
    assert (report.period, report.length, report.cadence, report.buckets) == ("2026-W46", "weekly", "weekly", ("2026-W45", "2026-W46"))
    assert (report.tiles[0].figure.value, report.tiles[0].figure.target) == (Decimal("420.5"), None)
    assert report.sources[0].missing_days == (date(2026, 11, 10),)
    assert "46" in present(report, "en", BRAND).title + present(report, "en", BRAND).period + present(report, "en", BRAND).subject
    # Its bytes are left as they were sent, so that an export of them is accepted.
    exports.verify(lumen)
    kept.refresh_from_db()
    assert kept.figures == OF_A_WEEK
    assert reading.report(kept) == report
