"""A pull stores what the platform says, again after it changed its mind, and nothing when the answer is doubtful."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts import vault
from accounts.models import Client, Credential
from accounts.services import keep_credential
from campaigns import connections, handlers, loaded, plan, pulls, standing
from campaigns.connectors import connector_for
from campaigns.models import AdConversion, AdDay, Connection, ConversionAction, DirtyDay, PlatformCampaign, Pull
from campaigns.simulators.google_ads import CUSTOMER, GoogleAdsSimulator
from campaigns.simulators.server import Fault, Simulator
from jobs import queue, worker
from jobs.models import Job
from jobs.registry import ATTEMPTS
from tests.accounts.test_tokens import actor
from tests.conftest import Cast

TODAY = date(2026, 11, 16)
YESTERDAY = TODAY - timedelta(days=1)
OLDEST = YESTERDAY - timedelta(days=89)
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
    """Files tell all but the newest 90 days: the story of a year takes its time to be told."""
    credential = keep_credential("google_ads", simulator.secret("google_ads"), client=lumen)
    return Connection.objects.create(
        source="google_ads",
        account=CUSTOMER,
        currency="EUR",
        timezone="Europe/Paris",
        credential_id=credential.pk,
        files_until=OLDEST - timedelta(days=1),
    )


@pytest.fixture
def without_files(source: Connection) -> Connection:
    """The same account, all of which the platform tells."""
    Connection.objects.filter(pk=source.pk).update(files_until=None)
    source.refresh_from_db()
    return source


def pull(client: Client, source: Connection, now: datetime = NOON) -> bool:
    """One turn that may take as long as it needs, as a job has it."""
    return pulls.pull(client, source, transaction.atomic, now=now, seconds=600)


def pull_again(client: Client, source: Connection) -> Pull:
    """What "Read now" does; the days that may still change are asked for once more."""
    pulls.pull(client, source, transaction.atomic, asked_at=timezone.now() + timedelta(days=1), now=NOON, seconds=600)
    return newest(source)


def newest(source: Connection) -> Pull:
    return source.pulls.latest("pk")


def stored() -> dict[tuple[date, str], tuple[int | None, ...]]:
    """Every ad row with the platform's own total of conversions."""
    totals = AdConversion.objects.filter(action="")
    conversions = {(row.day, row.campaign_id): (row.conversions_millionths, row.value_nano) for row in totals}
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


def spans(source: Connection) -> list[tuple[date, date]]:
    return [(span.since, span.until) for span in source.loaded_spans.order_by("since")]


EMPTY = Fault(body=b'{"results": []}', headers={"Content-Type": "application/json"}, path="googleAds:search")


class TestStoring:
    def test_the_first_pull_stores_400_days_exactly_as_the_platform_knows_them(
        self, lumen: Client, without_files: Connection, simulator: Simulator
    ) -> None:
        since = YESTERDAY - timedelta(days=399)
        assert not pull(lumen, without_files)
        assert stored() == truth(simulator, since, YESTERDAY)
        assert spans(without_files) == [(since, YESTERDAY)]
        assert ConversionAction.objects.filter(connection=without_files, counts_there=False).exists()

    def test_what_may_still_change_comes_first_then_history_from_the_newest_day_on(self, lumen: Client, source: Connection) -> None:
        pull(lumen, source)
        asked = list(source.pulls.order_by("pk").values_list("since", "until"))
        assert asked[0] == (YESTERDAY - timedelta(days=29), YESTERDAY)
        for (since, _until), (_since, before) in itertools.pairwise(asked):
            assert before == since - timedelta(days=1)
        assert max((until - since).days + 1 for since, until in asked) == 31
        assert asked[-1][0] == OLDEST

    def test_the_next_morning_reads_the_days_that_may_still_move(
        self, lumen: Client, source: Connection, simulator: Simulator, clock: Clock
    ) -> None:
        pull(lumen, source)
        clock.today += timedelta(days=1)
        pull(lumen, source, NOON + timedelta(days=1))
        again = newest(source)
        assert (again.since, again.until) == (TODAY - timedelta(days=29), TODAY)
        assert again.updated > 0
        assert {key: value for key, value in stored().items() if key[0] >= again.since} == truth(simulator, again.since, again.until)

    def test_nothing_is_asked_twice_between_two_mornings(self, lumen: Client, source: Connection) -> None:
        pull(lumen, source)
        before = Pull.objects.count()
        pull(lumen, source, NOON + timedelta(hours=3))
        assert Pull.objects.count() == before

    def test_days_missed_in_an_outage_are_read_and_those_before_it_once_more(
        self, lumen: Client, source: Connection, simulator: Simulator, clock: Clock
    ) -> None:
        outage = timedelta(days=45)
        clock.today -= outage
        pull(lumen, source, NOON - outage)
        clock.today += outage
        pull(lumen, source)
        assert spans(source) == [(OLDEST, YESTERDAY)]
        assert stored() == truth(simulator, OLDEST, YESTERDAY)

    def test_a_hole_between_two_spans_is_read(self, lumen: Client, source: Connection) -> None:
        for since, until in ((OLDEST, date(2026, 9, 1)), (date(2026, 9, 5), YESTERDAY)):
            loaded.record(source, "ads", [(since, until)])
        [reach] = plan.reaches(source, connector_for("google_ads"), NOON)
        ask = reach.history()
        assert ask
        assert (ask.since, ask.until) == (date(2026, 9, 2), date(2026, 9, 4))

    def test_days_that_files_tell_are_not_asked_of_the_platform(self, lumen: Client, source: Connection) -> None:
        pull(lumen, source)
        assert min(source.pulls.values_list("since", flat=True)) == OLDEST
        assert spans(source) == [(OLDEST, YESTERDAY)]

    def test_an_unchanged_answer_writes_no_fact_and_marks_no_day(self, lumen: Client, source: Connection) -> None:
        pull(lumen, source)
        DirtyDay.objects.all().delete()
        again = pull_again(lumen, source)
        assert (again.inserted, again.updated, again.deleted) == (0, 0, 0)
        assert again.rows > 0
        assert not DirtyDay.objects.exists()
        assert not AdDay.objects.filter(pull=again).exists()

    def test_only_the_days_that_changed_are_marked(self, lumen: Client, source: Connection) -> None:
        pull(lumen, source)
        DirtyDay.objects.all().delete()
        day = TODAY - timedelta(days=20)
        AdDay.objects.filter(day=day).update(clicks=999_999)
        again = pull_again(lumen, source)
        assert [mark.day for mark in DirtyDay.objects.all()] == [day]
        assert set(AdDay.objects.filter(day=day).values_list("pull_id", flat=True)) == {again.pk}

    def test_a_row_the_platform_no_longer_reports_goes(self, lumen: Client, source: Connection, simulator: Simulator) -> None:
        pull(lumen, source)
        some = AdDay.objects.filter(day=TODAY - timedelta(days=5)).first()
        assert some
        ghost = PlatformCampaign.objects.create(
            connection=source, external_id="9", name="Gone", named_on=some.day, channel="other", campaign_id=some.campaign.campaign_id
        )
        AdDay.objects.create(connection=source, day=some.day, campaign=ghost, impressions=1, pull=newest(source))
        assert pull_again(lumen, source).deleted == 1
        assert stored() == truth(simulator, OLDEST, YESTERDAY)

    def test_small_and_shuffled_pages_change_nothing(self, lumen: Client, source: Connection, simulator: Simulator) -> None:
        google = simulator.platform(GoogleAdsSimulator)
        google.page_size, google.shuffled = 97, True
        pull(lumen, source)
        assert stored() == truth(simulator, OLDEST, YESTERDAY)

    @pytest.mark.parametrize("step", range(3))
    def test_a_worker_that_dies_before_any_step_is_kept_costs_that_step_alone(
        self, lumen: Client, source: Connection, simulator: Simulator, step: int
    ) -> None:
        steps = itertools.count()

        @contextmanager
        def dying() -> Iterator[None]:
            with transaction.atomic():
                yield
                if next(steps) == step:
                    raise queue.LeaseLost("killed")

        with pytest.raises(queue.LeaseLost):
            pulls.pull(lumen, source, dying, now=NOON, seconds=600)
        assert source.pulls.count() == step
        pull(lumen, source)
        assert source.pulls.count() == 3
        assert stored() == truth(simulator, OLDEST, YESTERDAY)
        assert spans(source) == [(OLDEST, YESTERDAY)]

    def test_an_account_in_another_currency_is_read_as_it_is(self, lumen: Client, source: Connection) -> None:
        type(lumen).objects.filter(pk=lumen.pk).update(currency="USD")
        lumen.refresh_from_db()
        pull(lumen, source)
        assert AdDay.objects.exists()


JSON = {"Content-Type": "application/json"}


class TestDoubt:
    def doubted(self, client: Client, source: Connection, simulator: Simulator) -> Pull:
        """The newest answer is empty where there was data."""
        pull(client, source)
        simulator.faults += [EMPTY] * 3
        again = pull_again(client, source)
        simulator.faults.clear()
        assert again.state == Pull.State.SUSPECT
        return again

    def test_an_empty_answer_where_there_was_data_waits_for_a_person(self, lumen: Client, source: Connection, simulator: Simulator) -> None:
        pull(lumen, source)
        before = stored()
        assert "the new answer has 0" in self.doubted(lumen, source, simulator).problem
        source.refresh_from_db()
        assert source.state == Connection.State.SUSPECT
        assert stored() == before

    def test_what_no_table_can_hold_is_told_and_stores_nothing(self, lumen: Client, source: Connection, simulator: Simulator) -> None:
        row = {
            "customer": {"currencyCode": "EUR"},
            "campaign": {"id": "1", "name": "a\u0000b"},
            "segments": {"date": f"{TODAY - timedelta(days=1)}"},
            "metrics": {"impressions": "1"},
        }
        simulator.faults.append(Fault(body=json.dumps({"results": [row]}).encode(), headers=JSON, path="googleAds:search"))
        pull(lumen, source)
        failed = source.pulls.filter(state=Pull.State.FAILED).latest("pk")
        assert failed.problem == pulls.UNSTORABLE
        assert not AdDay.objects.filter(pull=failed).exists()

    def test_a_sound_answer_afterwards_clears_the_doubt(self, lumen: Client, source: Connection, simulator: Simulator) -> None:
        self.doubted(lumen, source, simulator)
        pull_again(lumen, source)
        source.refresh_from_db()
        assert (source.state, source.problem) == (Connection.State.ACTIVE, "")

    def test_an_answer_that_a_person_takes_is_stored(self, lumen: Client, source: Connection, simulator: Simulator, cast: Cast) -> None:
        doubt = self.doubted(lumen, source, simulator)
        connections.decide(lumen, doubt, take=True, by=actor(cast.owner))
        simulator.faults += [EMPTY] * 3
        pull(lumen, source)
        assert newest(source).state == Pull.State.STORED
        assert not AdDay.objects.filter(day__gte=doubt.since).exists()
        assert AdDay.objects.filter(day__lt=doubt.since).exists()

    def test_taking_an_answer_takes_no_smaller_one(self, lumen: Client, source: Connection, simulator: Simulator) -> None:
        doubt = self.doubted(lumen, source, simulator)
        Pull.objects.filter(pk=doubt.pk).update(state=Pull.State.ACCEPTED, rows=50)
        simulator.faults += [EMPTY] * 3
        pull(lumen, source)
        assert newest(source).state == Pull.State.SUSPECT
        assert AdDay.objects.filter(day__gte=doubt.since).exists()

    def test_an_answer_that_a_person_refuses_leaves_everything_and_is_decided_once(
        self, lumen: Client, source: Connection, simulator: Simulator, cast: Cast
    ) -> None:
        doubt = self.doubted(lumen, source, simulator)
        before = stored()
        connections.decide(lumen, doubt, take=False, by=actor(cast.owner))
        connections.decide(lumen, doubt, take=True, by=actor(cast.owner))
        source.refresh_from_db()
        assert source.state == Connection.State.ACTIVE
        assert stored() == before
        assert standing.newest(source)["ads"].state == Pull.State.IGNORED

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

    def test_nothing_is_stored_of_a_pull_that_breaks_off(self, lumen: Client, source: Connection, simulator: Simulator) -> None:
        simulator.faults.append(Fault(body=b'{"results": [{"segm', path="googleAds:search"))
        assert not pull(lumen, source)
        source.refresh_from_db()
        assert source.state == Connection.State.SUSPECT
        assert newest(source).state == Pull.State.FAILED
        assert not AdDay.objects.exists()
        assert not PlatformCampaign.objects.exists()

    def test_an_account_that_was_disconnected_meanwhile_stays_so(self, lumen: Client, source: Connection) -> None:
        Connection.objects.filter(pk=source.pk).update(state=Connection.State.DISCONNECTED)
        pull(lumen, source)
        source.refresh_from_db()
        assert source.state == Connection.State.DISCONNECTED


@dataclass(frozen=True)
class KilledInItsSecondStep(worker.Run):
    """A worker that dies before its second step is kept."""

    steps: Iterator[int] = field(default_factory=itertools.count)

    @contextmanager
    def step(self) -> Iterator[None]:
        with super().step():
            yield
            if next(self.steps):
                raise queue.LeaseLost("killed")


class TestJob:
    def test_a_pull_asks_for_the_next_morning_and_for_a_rebuild(self, lumen: Client, source: Connection) -> None:
        pulls.schedule(lumen, source)
        worker.work_off(lumen.pk)
        next_pull = Job.objects.get(kind=pulls.KIND)
        assert next_pull.state == Job.State.QUEUED
        assert next_pull.run_at.astimezone(lumen.zone).hour == plan.DAILY_HOUR
        assert Job.objects.get(kind="kpis.recompute").state == Job.State.DONE
        assert not DirtyDay.objects.exists()

    def test_lost_access_stops_the_daily_pulls(self, lumen: Client, source: Connection, simulator: Simulator) -> None:
        simulator.platform(GoogleAdsSimulator).revoke()
        pulls.schedule(lumen, source)
        worker.work_off(lumen.pk)
        job = Job.objects.get(kind=pulls.KIND)
        assert job.state == Job.State.FAILED
        assert "reconnect" in job.error.lower()

    def test_history_is_read_turn_by_turn_until_there_is_none_left(
        self, lumen: Client, source: Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pulls, "TURN", 0.0)  # no more than the newest days in each turn
        pulls.schedule(lumen, source)
        worker.work_off(lumen.pk)
        [reach] = plan.reaches(source, connector_for("google_ads"), timezone.now())
        assert reach.progress().is_complete

    def test_reading_now_while_history_is_read_cuts_nothing_short(self, lumen: Client, source: Connection) -> None:
        pulls.schedule(lumen, source)
        pulls.schedule(lumen, source, run_at=timezone.now() + timedelta(hours=1))
        pulls.schedule(lumen, source, asked_at=timezone.now())
        worker.work_off(lumen.pk)
        [reach] = plan.reaches(source, connector_for("google_ads"), timezone.now())
        assert reach.progress().is_complete

    def test_an_account_that_was_disconnected_is_not_asked(self, lumen: Client, source: Connection) -> None:
        Connection.objects.filter(pk=source.pk).update(state=Connection.State.DISCONNECTED)
        pulls.schedule(lumen, source)
        worker.work_off(lumen.pk)
        assert not Pull.objects.exists()
        assert [job.state for job in Job.objects.filter(kind=pulls.KIND)] == [Job.State.DONE]

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
        assert Job.objects.get(state=Job.State.QUEUED).run_at.astimezone(lumen.zone).hour == plan.DAILY_HOUR

    def test_a_pull_whose_every_worker_dies_after_a_part_was_stored_is_still_read_to_the_end(
        self, lumen: Client, source: Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pulls, "TURN", 600.0)
        for known in (1, 2):
            pulls.schedule(lumen, source)
            Job.objects.filter(kind=pulls.KIND).update(attempt=ATTEMPTS - 1)
            [job_id] = [job_id for job_id, kind in queue.claim(limit=10) if kind == pulls.KIND]
            job = queue.start(job_id)
            assert job
            with pytest.raises(queue.LeaseLost):
                handlers.pull(KilledInItsSecondStep(job), lumen)
            assert source.pulls.count() == known
            Job.objects.filter(pk=job_id).update(lease_until=timezone.now() - timedelta(hours=1))
            queue.reap()
            assert Job.objects.get(pk=job_id).state == Job.State.QUEUED
        worker.work_off(lumen.pk)
        [reach] = plan.reaches(source, connector_for("google_ads"), timezone.now())
        assert reach.progress().is_complete

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
