"""Programs schedule reports, say who gets them, and have them sent now, as a test, or again."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import audit
from jobs import worker
from jobs.models import Job
from reports.models import Delivery, Run, Schedule
from tests.conftest import Cast
from tests.mail_server import MailServer
from tests.reports.conftest import WEEK
from tests.reports.test_completeness import text

SCHEDULES = "/api/v1/clients/lumen/schedules/"
SignIn = Callable[..., Any]


class Api:
    """The API by a person's session."""

    def __init__(self, browser: Any) -> None:
        self.browser = browser

    def ask(self, method: str, address: str, **fields: object) -> tuple[int, Any]:
        answer = self.browser.generic(method, address, json.dumps(fields), content_type="application/json")
        return answer.status_code, answer.json() if answer.content else None


@pytest.fixture
def api(cast: Cast, signed_in: SignIn) -> Api:
    return Api(signed_in(cast.owner))


def test_a_schedule_is_made_changed_paused_and_told_with_its_next_sends(api: Api, cast: Cast) -> None:
    monthly = {
        "cadence": "monthly",
        "day_rule": "nth_weekday",
        "nth": 2,
        "weekday": 2,
        "local_time": "09:30",
        "approver": "owner@people.example",
    }
    status, made = api.ask("POST", SCHEDULES, name="Direction", **monthly)
    assert (status, made["approver"], len(made["next"])) == (201, "owner@people.example", 5)
    assert {send["period"] == send["since"][:7] for send in made["next"]} == {True}
    address = f"{SCHEDULES}{made['id']}/"
    status, changed = api.ask("PATCH", address, cadence="quarterly", day_rule="first_business_day")
    assert (status, changed["next"][0]["period"][4:6]) == (200, "-Q")
    status, paused = api.ask("PATCH", address, paused=True)
    assert (status, paused["next"]) == (200, [])
    assert audit.sentence(audit.events_of(cast.client)[0]) == "changed the schedule of the reports “Direction”: paused"
    status, added = api.ask("POST", f"{address}recipients/", email="ana@lumen.example", language="fr", format="mail")
    assert (status, added["paused"]) == (201, False)
    status, copied = api.ask("POST", f"{address}recipients/", email="bob@lumen.example", language="en", copy_of=added["id"])
    assert (status, copied["copy_of"]) == (201, added["id"])
    assert api.ask("PATCH", f"{address}recipients/{copied['id']}/", paused=True)[1]["paused"] is True
    assert api.ask("DELETE", f"{address}recipients/{copied['id']}/")[0] == 204
    assert api.ask("DELETE", address)[0] == 204
    assert (api.ask("GET", SCHEDULES)[1], api.ask("GET", address)[0]) == ([], 404)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "local_time"),
        ({"local_time": "25:00"}, "local_time"),
        ({"local_time": "08:00", "cadence": "daily"}, "cadence"),
        ({"local_time": "08:00", "cadence": "fortnightly"}, "anchor"),
        ({"local_time": "08:00", "cadence": "fortnightly", "anchor": "0001-01-01"}, "anchor"),
        ({"local_time": "08:00", "cadence": "fortnightly", "anchor": "9999-12-31"}, "anchor"),
        ({"local_time": "08:00", "weekday": 8}, "weekday"),
        ({"local_time": "08:00", "nth": 5}, "nth"),
        ({"local_time": "08:00", "hold_hours": 0}, "hold_hours"),
        ({"local_time": "08:00", "approver": "analyst@people.example"}, "approver"),
        ({"local_time": "08:00", "when": "soon"}, "when"),
    ],
)
def test_what_is_wrong_with_a_schedule_is_told_by_field(api: Api, fields: dict[str, object], field: str) -> None:
    status, said = api.ask("POST", SCHEDULES, **fields)
    assert (status, list(said)) == (400, [field])
    assert not Schedule.objects.exists()


def test_a_report_is_tested_sent_now_and_sent_again_where_it_failed(schedule: Schedule, mail_server: MailServer, api: Api) -> None:
    address = f"{SCHEDULES}{schedule.pk}/"
    days = {"since": date(2026, 11, 9), "until": date(2026, 11, 15)}
    Run.objects.create(schedule=schedule, period=WEEK, state=Run.State.SKIPPED, **days)
    status, _said = api.ask("POST", f"{address}test/", period=WEEK, language="en")
    before = Run.objects.count()
    worker.work_off()
    [mail] = mail_server.messages()
    assert (status, mail["To"], mail["Subject"][:6]) == (202, "owner@people.example", "[Test]")
    assert "unsubscribe.invalid" not in text(mail)
    assert (Run.objects.count(), Delivery.objects.count()) == (before, 0)
    assert api.ask("POST", f"{address}test/", email="ana@lumen.example")[0] == 400
    assert api.ask("POST", f"{address}send/", period="2020-W01")[1].keys() == {"period"}
    mail_server.rcpt = "550 no such person"
    status, run = api.ask("POST", f"{address}send/", period=WEEK)
    assert (status, run["state"]) == (202, "due")
    worker.work_off()
    mail_server.rcpt = ""
    assert api.ask("POST", f"{address}send/", period=WEEK)[0] == 409
    run = api.ask("GET", f"/api/v1/clients/lumen/reports/{run['id']}/")[1]
    assert {delivery["state"] for delivery in run["deliveries"]} == {"failed"}
    first = run["deliveries"][0]["id"]
    again = f"/api/v1/clients/lumen/reports/{run['id']}/deliveries/{first}/resend/"
    assert api.ask("POST", again)[0] == 202
    assert not Job.objects.filter(state=Job.State.FAILED).exists()
    worker.work_off()
    assert api.ask("POST", again)[0] == 409
    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["failed", "sent"]
    assert len(mail_server.received) == 2


def test_the_operator_lists_schedules_and_has_a_report_sent(
    schedule: Schedule, mail_server: MailServer, capsys: pytest.CaptureFixture[str]
) -> None:
    Schedule.objects.update(removed_at=timezone.now())
    call_command("schedule", "lumen")
    assert capsys.readouterr().out == "No reports of Maison Lumen are scheduled; people do that on its page “Reports”.\n"
    Schedule.objects.update(removed_at=None)
    call_command("schedule", "lumen")
    listed = capsys.readouterr().out.splitlines()
    assert listed[0] == f"{schedule.pk}  weekly  weekly  hold  2 recipients"
    assert len(listed) == 6
    with pytest.raises(CommandError, match="no period of this schedule that is over"):
        call_command("send", "lumen", schedule.pk, period="2020-W01")
    Run.objects.create(schedule=schedule, period=WEEK, state=Run.State.SKIPPED, since=date(2026, 11, 9), until=date(2026, 11, 15))
    call_command("send", "lumen", schedule.pk, period=WEEK)
    worker.work_off()
    assert len(mail_server.received) == 2
    with pytest.raises(CommandError, match="was sent"):
        call_command("send", "lumen", schedule.pk, period=WEEK)
