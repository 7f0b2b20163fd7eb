"""Reports of every cadence from the schedule to the reader: sent, listed, opened as PDF, and with links that lead somewhere."""

from __future__ import annotations

import io
import re
from datetime import date
from typing import Any

import pypdf
import pytest

from jobs import worker
from reports import scheduling
from reports.models import Delivery, Schedule
from tests.conftest import Cast
from tests.mail_server import MailServer

PERIODS = {"weekly": "2026-W46", "fortnightly": "2026-W45-W46", "monthly": "2026-10", "quarterly": "2026-Q3"}


@pytest.mark.parametrize("cadence", PERIODS)
def test_a_report_of_every_cadence_is_sent_listed_and_opened(
    schedule: Schedule, cast: Cast, signed_in: Any, mail_server: MailServer, cadence: str
) -> None:
    schedule.cadence, schedule.policy, schedule.anchor = cadence, Schedule.Policy.SEND, date(2026, 11, 2)
    schedule.save()
    period = PERIODS[cadence]
    run = scheduling.open_run(schedule, period)
    worker.work_off()
    assert set(run.deliveries.values_list("state", flat=True)) == {Delivery.State.SENT}
    browser = signed_in(cast.owner)
    listed = browser.get("/c/lumen/reports/")
    assert listed.status_code == 200
    assert f"/c/lumen/reports/{period}.pdf" in listed.content.decode()
    document = browser.get(f"/c/lumen/reports/{period}.pdf")
    assert document.status_code == 200
    assert len(pypdf.PdfReader(io.BytesIO(document.content)).pages) >= 2
    for message in mail_server.messages():
        body = message.get_body(("plain",))
        assert body
        [address] = re.findall(r"https?://[^/\s]+(/c/lumen/(?:\?\S*)?)\s", body.get_content())
        assert browser.get(address).status_code == 200, address


@pytest.mark.parametrize("period", ["2026-13", "2026-Q5", "2026-W60", "2031-01", "2026-W45-W47", "2026-09"])
def test_a_period_that_does_not_exist_has_not_begun_or_was_never_reported_has_no_document(cast: Cast, signed_in: Any, period: str) -> None:
    assert signed_in(cast.owner).get(f"/c/lumen/reports/{period}.pdf").status_code == 404
