"""What a report says of figures that earlier reports told otherwise."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from accounts.models import Client
from jobs import worker
from reports import gather, scheduling
from reports.cadence import named
from reports.content import Correction, Corrections
from reports.models import Delivery, Schedule
from tests.conftest import LoadText
from tests.mail_server import MailServer
from tests.reports.conftest import ADS, ORDERS, WEEK

NOW = datetime(2026, 11, 30, 7, tzinfo=UTC)


def sent(schedule: Schedule, week: str) -> None:
    schedule.policy = Schedule.Policy.SEND
    schedule.save(update_fields=["policy"])
    run = scheduling.open_run(schedule, week)
    worker.work_off()
    assert set(run.deliveries.values_list("state", flat=True)) == {Delivery.State.SENT}


def told(schedule: Schedule, week: str) -> Corrections:
    return gather.report(schedule.client, named(week), NOW, schedule_id=schedule.pk).corrections


def test_what_moved_since_it_was_sent_is_told_once_and_small_steps_add_up(
    schedule: Schedule, reported: Client, load_text: LoadText, mail_server: MailServer
) -> None:
    sent(schedule, WEEK)
    assert told(schedule, "2026-W47") == Corrections()

    # The order of 1,250.40 was one of 1,350.40; 420.50 of spend were 421.
    load_text(reported, "orders", ORDERS.replace("1250.40", "1350.40"))
    load_text(reported, "ads", ADS.replace("420.50", "421.00"))
    worker.work_off()
    corrections = told(schedule, "2026-W47")
    assert corrections.listed == (Correction(WEEK, "revenue", Decimal("1510.4"), Decimal("1610.4")),)
    assert {each.slug for each in corrections.minor} == {"spend", "roas", "cpl", "cpc"}
    assert corrections.small == 4
    # Only whoever was told is told of it.
    assert gather.report(reported, named("2026-W47"), NOW).corrections == Corrections()

    sent(schedule, "2026-W47")
    assert told(schedule, "2026-W48") == Corrections()

    # 600.75 of spend was the last that was printed: 610.25 is 1.6 % more, though not ten euros.
    load_text(reported, "ads", ADS.replace("420.50", "430.00"))
    worker.work_off()
    listed = {each.slug: (each.old, each.new) for each in told(schedule, "2026-W48").listed}
    assert listed["spend"] == (Decimal("600.75"), Decimal("610.25"))
    assert "revenue" not in listed
    # After eight weeks nothing is looked at again.
    assert told(schedule, "2027-W01").listed
    assert told(schedule, "2027-W02") == Corrections()
