"""A pull stores what the platform says, again after it changed its mind, and nothing when the answer is doubtful."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts import vault
from accounts.models import Client, Credential
from accounts.services import keep_credential
from campaigns import handlers, loaded, pulls
from campaigns.connectors.google_ads import GoogleAds
from campaigns.models import AdConversion, AdDay, Connection, DirtyDay, PlatformCampaign, Pull
from campaigns.simulators.google_ads import CUSTOMER, GoogleAdsSimulator
from campaigns.simulators.server import Fault, Simulator
from jobs import queue, worker
from jobs.models import Job
from jobs.registry import ATTEMPTS
from tests.conftest import Cast

TODAY = date(2026, 11, 16)
NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)


class Clock:
    """The day the simulator thinks it is."""

    def __init__(self) -> None:
        self.today = TODAY

    def __call__(self) -> date:
        return self.today


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def simulator(clock: Clock, settings: Any) -> Iterator[Simulator]:
    with Simulator(anchor=TODAY, as_of=clock) as running:
        settings.PLATFORMS = {"google_ads": running.settings("google_ads")}
        yield running


@pytest.fixture
def source(lumen: Client, simulator: Simulator) -> Connection:
    credential = keep_credential("google_ads", simulator.secret("google_ads"), client=lumen)
    return Connection.objects.create(
        source="google_ads", account=CUSTOMER, currency="EUR", timezone="Europe/Paris", credential_id=credential.pk
    )


def pull(client: Client, source: Connection, now: datetime = NOON, since: date | None = None) -> Pull:
    return pulls.pull(client, source, transaction.atomic, now=now, since=since)


def stored() -> dict[tuple[date, str], tuple[int | None, ...]]:
    conversions = {(row.day, row.campaign_id): (row.conversions_millionths, row.value_nano) for row in AdConversion.objects.all()}
    return {
        (row.day, row.campaign.external_id): (row.impressions, row.clicks, row.spend_nano, *conversions[row.day, row.campaign_id])
        for row in AdDay.objects.select_related("campaign")
    }


def truth(simulator: Simulator, since: date, until: date) -> dict[tuple[date, str], tuple[int | None, ...]]:
    return {
        (row.day, str(row.campaign.id)): (
            row.impressions, row.clicks, row.cost_micros * 1000, round(row.conversions * 1_000_000), round(row.value * 1_000_000_000),
        )
        for row in simulator.ledger.ad_days(since, until, simulator.as_of())
    }  # fmt: skip


class TestStoring:
    def test_the_first_pull_stores_180_days_exactly_as_the_platform_knows_them(
        self, lumen: Client, source: Connection, simulator: Simulator
    ) -> None:
        done = pull(lumen, source)
        assert (done.since, done.until) == (TODAY - timedelta(days=180), TODAY - timedelta(days=1))
        assert stored() == truth(simulator, done.since, done.until)
        assert done.inserted == AdDay.objects.count() + AdConversion.objects.count() == done.rows

    def test_the_next_pull_reads_the_days_that_may_still_move(
        self, lumen: Client, source: Connection, simulator: Simulator, clock: Clock
    ) -> None:
        pull(lumen, source)
        clock.today += timedelta(days=1)
        again = pull(lumen, source, NOON + timedelta(days=1))
        assert again.since == TODAY - timedelta(days=29)
        assert again.updated > 0
        assert {key: value for key, value in stored().items() if key[0] >= again.since} == truth(simulator, again.since, again.until)

    def test_days_missed_in_an_outage_longer_than_the_platform_settles_are_read(
        self, lumen: Client, source: Connection, simulator: Simulator, clock: Clock
    ) -> None:
        outage = timedelta(days=75)
        clock.today -= outage
        first = pull(lumen, source, NOON - outage, since=TODAY - outage - timedelta(days=10))
        clock.today += outage
        again = pull(lumen, source)
        assert (again.since, again.until) == (first.until + timedelta(days=1), TODAY - timedelta(days=1))
        assert stored().keys() == truth(simulator, first.since, again.until).keys()
        assert [(span.since, span.until) for span in source.loaded_spans.all()] == [(first.since, again.until)]

    def test_a_hole_in_front_of_a_later_pull_is_read(self, lumen: Client, source: Connection) -> None:
        for since, until in ((date(2026, 6, 1), date(2026, 9, 1)), (date(2026, 11, 1), date(2026, 11, 15))):
            loaded.record(source, "ads", [(since, until)])
        assert pulls.window_of(source, GoogleAds, None, NOON).since == date(2026, 9, 2)

    def test_an_unchanged_answer_writes_no_fact_and_marks_no_day(self, lumen: Client, source: Connection) -> None:
        first = pull(lumen, source)
        DirtyDay.objects.all().delete()
        again = pull(lumen, source, since=first.since)
        assert (again.inserted, again.updated, again.deleted) == (0, 0, 0)
        assert again.rows == first.rows
        assert not DirtyDay.objects.exists()
        assert set(AdDay.objects.values_list("pull_id", flat=True)) == {first.pk}

    def test_only_the_days_that_changed_are_marked(self, lumen: Client, source: Connection) -> None:
        first = pull(lumen, source)
        DirtyDay.objects.all().delete()
        day = TODAY - timedelta(days=40)
        AdDay.objects.filter(day=day).update(clicks=999_999)
        again = pull(lumen, source, since=first.since)
        assert [mark.day for mark in DirtyDay.objects.all()] == [day]
        assert set(AdDay.objects.filter(day=day).values_list("pull_id", flat=True)) == {again.pk}

    def test_a_row_the_platform_no_longer_reports_goes(self, lumen: Client, source: Connection, simulator: Simulator) -> None:
        first = pull(lumen, source)
        some = AdDay.objects.filter(day=TODAY - timedelta(days=5)).first()
        assert some
        ghost = PlatformCampaign.objects.create(
            connection=source, external_id="9", name="Gone", named_on=some.day, channel="other", campaign_id=some.campaign.campaign_id
        )
        AdDay.objects.create(connection=source, day=some.day, campaign=ghost, impressions=1, pull=first)
        again = pull(lumen, source, since=first.since)
        assert again.deleted == 1
        assert stored() == truth(simulator, first.since, first.until)

    def test_small_and_shuffled_pages_change_nothing(self, lumen: Client, source: Connection, simulator: Simulator) -> None:
        google = simulator.platform(GoogleAdsSimulator)
        google.page_size, google.shuffled = 97, True
        done = pull(lumen, source)
        assert stored() == truth(simulator, done.since, done.until)

    def test_a_renamed_campaign_takes_its_days_with_it(self, lumen: Client, source: Connection) -> None:
        first = pull(lumen, source)
        renamed = PlatformCampaign.objects.filter(connection=source).first()
        assert renamed
        days = AdDay.objects.filter(campaign=renamed).count()
        PlatformCampaign.objects.filter(pk=renamed.pk).update(channel="offline")
        DirtyDay.objects.all().delete()
        pull(lumen, source, since=first.since)
        assert DirtyDay.objects.filter(family="ads").count() == days


class TestDoubt:
    def test_an_empty_answer_where_there_was_data_waits_for_a_person(self, lumen: Client, source: Connection, simulator: Simulator) -> None:
        pull(lumen, source)
        before = stored()
        simulator.faults.append(Fault(body=b'{"results": []}', headers={"Content-Type": "application/json"}, path="googleAds:search"))
        with pytest.raises(pulls.Refused, match="the new answer has 0"):
            pull(lumen, source)
        source.refresh_from_db()
        assert source.state == Connection.State.SUSPECT
        assert Pull.objects.order_by("-pk")[0].state == Pull.State.SUSPECT
        assert stored() == before

    def test_a_sound_answer_afterwards_clears_the_doubt(self, lumen: Client, source: Connection, simulator: Simulator) -> None:
        pull(lumen, source)
        simulator.faults.append(Fault(body=b'{"results": []}', headers={"Content-Type": "application/json"}, path="googleAds:search"))
        with pytest.raises(pulls.Refused):
            pull(lumen, source)
        pull(lumen, source)
        source.refresh_from_db()
        assert (source.state, source.problem) == (Connection.State.ACTIVE, "")

    def test_withdrawn_consent_says_what_to_do(self, lumen: Client, source: Connection, simulator: Simulator) -> None:
        simulator.platform(GoogleAdsSimulator).revoke()
        with pytest.raises(pulls.Refused):
            pull(lumen, source)
        source.refresh_from_db()
        assert source.state == Connection.State.LOST_ACCESS
        assert "reconnect" in source.problem.lower()
        assert not AdDay.objects.exists()

    def test_a_credential_under_a_lost_key_is_lost_access_not_a_crash(self, lumen: Client, source: Connection, settings: Any) -> None:
        settings.CREDENTIAL_KEYS = [b"x" * 43 + b"="]
        with pytest.raises(pulls.Refused, match="CREDENTIAL_KEYS"):
            pull(lumen, source)
        source.refresh_from_db()
        assert source.state == Connection.State.LOST_ACCESS

    def test_an_account_in_another_currency_is_not_added_up(self, lumen: Client, source: Connection) -> None:
        Connection.objects.filter(pk=source.pk).update(currency="USD")
        source.refresh_from_db()
        with pytest.raises(pulls.Refused, match="USD"):
            pull(lumen, source)
        assert not AdDay.objects.exists()

    def test_nothing_is_stored_of_a_pull_that_breaks_off(self, lumen: Client, source: Connection, simulator: Simulator) -> None:
        simulator.faults.append(Fault(body=b'{"results": [{"segm', path="googleAds:search"))
        with pytest.raises(pulls.Refused):
            pull(lumen, source)
        assert not AdDay.objects.exists()
        assert not PlatformCampaign.objects.exists()


class TestJob:
    def test_a_pull_asks_for_the_next_morning_and_for_a_rebuild(self, lumen: Client, source: Connection) -> None:
        pulls.schedule(lumen, source)
        worker.work_off(lumen.pk)
        next_pull = Job.objects.get(kind=pulls.KIND)
        assert next_pull.state == Job.State.QUEUED
        assert next_pull.run_at.astimezone(lumen.zone).hour == pulls.DAILY_HOUR
        assert Job.objects.get(kind="kpis.recompute").state == Job.State.DONE
        assert not DirtyDay.objects.exists()

    def test_lost_access_stops_the_daily_pulls(self, lumen: Client, source: Connection, simulator: Simulator) -> None:
        simulator.platform(GoogleAdsSimulator).revoke()
        pulls.schedule(lumen, source)
        worker.work_off(lumen.pk)
        job = Job.objects.get(kind=pulls.KIND)
        assert job.state == Job.State.FAILED
        assert "reconnect" in job.error.lower()

    def test_a_backfill_is_not_cut_short_by_a_daily_pull_asked_for_meanwhile(self, lumen: Client, source: Connection) -> None:
        since = timezone.now().date() - timedelta(days=200)
        pulls.schedule(lumen, source, since=since)
        pulls.schedule(lumen, source, run_at=timezone.now() + timedelta(hours=1))
        pulls.schedule(lumen, source)
        worker.work_off(lumen.pk)
        assert since in Pull.objects.values_list("since", flat=True)

    def test_a_worker_that_lost_the_job_changes_nothing_on_the_account(
        self, lumen: Client, source: Connection, simulator: Simulator
    ) -> None:
        """Another may have pulled well meanwhile, with a renewed consent."""
        pulls.schedule(lumen, source)
        [(job_id, _)] = queue.claim(limit=1)
        late = queue.start(job_id)
        assert late
        Job.objects.update(lease_until=timezone.now() - timedelta(hours=1))
        queue.reap()
        simulator.platform(GoogleAdsSimulator).revoke()
        with pytest.raises(queue.LeaseLost):
            handlers.pull(worker.Run(late), lumen)
        source.refresh_from_db()
        assert (source.state, source.problem) == (Connection.State.ACTIVE, "")
        assert not Pull.objects.exists()

    def test_an_account_whose_every_worker_died_is_asked_again_the_next_morning(self, lumen: Client, source: Connection) -> None:
        pulls.schedule(lumen, source)
        Job.objects.update(attempt=ATTEMPTS - 1)
        [(job_id, _)] = queue.claim(limit=1)
        assert queue.start(job_id)
        Job.objects.update(lease_until=timezone.now() - timedelta(hours=1))
        queue.reap()
        assert Job.objects.get(pk=job_id).state == Job.State.FAILED
        assert Job.objects.get(state=Job.State.QUEUED).run_at.astimezone(lumen.zone).hour == pulls.DAILY_HOUR

    def test_a_job_for_a_client_that_is_gone_ends_with_a_reason(self, cast: Cast) -> None:
        queue.enqueue(pulls.KIND, client_id=987654, key="1")
        worker.work_off()
        assert Job.objects.get().error == "client 987654 does not exist"


class TestSecrets:
    def test_a_token_is_stored_encrypted_and_read_back(self, cast: Cast) -> None:
        credential = keep_credential("google_ads", {"refresh_token": "canary-token"}, client=cast.client)
        with connection.cursor() as cursor:
            cursor.execute("SELECT sealed FROM accounts_credential WHERE id = %s", [credential.pk])
            assert b"canary-token" not in bytes(cursor.fetchone()[0])
        assert vault.unseal(Credential.objects.get(pk=credential.pk)) == {"refresh_token": "canary-token"}
        assert "canary" not in repr(credential) + str(credential)

    def test_a_new_key_reads_what_an_old_one_sealed(self, cast: Cast, settings: Any) -> None:
        from cryptography.fernet import Fernet

        credential = keep_credential("google_ads", {"refresh_token": "x"}, client=cast.client)
        settings.CREDENTIAL_KEYS = [Fernet.generate_key(), *settings.CREDENTIAL_KEYS]
        assert vault.unseal(credential) == {"refresh_token": "x"}
