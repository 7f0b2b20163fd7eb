"""The connections of a client on their pages: how each stands, what a person can do, and what becomes of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import audit
from accounts.models import AuditEvent, Role, User
from accounts.services import add_member, keep_credential
from accounts.tenancy import inside
from campaigns import pulls
from campaigns.models import AdConversion, AdDay, Connection, ConversionAction, DirtyDay, LoadedSpan, Pull, SystemOfRecord
from campaigns.simulators.google_ads import CUSTOMER, GoogleAdsSimulator
from campaigns.simulators.server import Fault, Simulator
from jobs import queue, worker
from jobs.models import Job
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Browser]
LIST = "/c/lumen/connections/"
JSON = {"Content-Type": "application/json"}
EMPTY = Fault(body=b'{"results": []}', headers=JSON, path="googleAds:search")
REVOKED = Fault(status=400, body=b'{"error": "invalid_grant"}', headers=JSON, path="/token")


@pytest.fixture
def simulator(settings: Any) -> Iterator[Simulator]:
    with Simulator() as running:
        settings.PLATFORMS = {"google_ads": running.settings("google_ads")}
        yield running


@pytest.fixture
def source(cast: Cast, simulator: Simulator) -> Connection:
    """An account of which the newest 90 days are to be read."""
    credential = keep_credential("google_ads", simulator.secret("google_ads"), client=cast.client)
    with inside(cast.client):
        return Connection.objects.create(
            source="google_ads",
            account=CUSTOMER,
            name="Maison Lumen",
            currency="EUR",
            timezone="Europe/Paris",
            credential_id=credential.pk,
            files_until=timezone.now().date() - timedelta(days=91),
        )


@pytest.fixture
def page(cast: Cast, signed_in: SignIn) -> Browser:
    """The account manager's browser."""
    return signed_in(cast.owner)


def pull(cast: Cast, source: Connection) -> None:
    """Ask the platform now, as a worker does."""
    with inside(cast.client):
        pulls.schedule(cast.client, source, asked_at=timezone.now() + timedelta(days=1))
    worker.work_off(cast.client.pk)


def texts(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).replace("&#x27;", "'").split())


def seen(page: Browser, path: str = LIST) -> str:
    return texts(page.get(path))


class TestHowItStands:
    def test_before_any_account_is_connected_the_page_says_how_to_begin(self, cast: Cast, page: Browser, signed_in: SignIn) -> None:
        answer = page.get(LIST)
        assert "No account is connected yet" in texts(answer)
        assert '/connections/new/"' in answer.content.decode()
        assert '/connections/new/"' not in signed_in(cast.analyst).get(LIST).content.decode()
        assert '/connections/new/"' in page.get("/c/lumen/").content.decode()

    def test_a_new_account_shows_that_its_history_is_being_read(self, cast: Cast, page: Browser, source: Connection) -> None:
        with inside(cast.client):
            pulls.schedule(cast.client, source)
        answer = page.get(LIST)
        assert "Reading its history" in texts(answer)
        assert "0% of its history is read" in texts(answer)
        assert "data-live" in answer.content.decode()

    def test_a_part_of_the_history_is_a_part_of_the_bar(self, cast: Cast, page: Browser, source: Connection) -> None:
        yesterday = timezone.now().astimezone(cast.client.zone).date() - timedelta(days=1)
        with inside(cast.client):
            LoadedSpan.objects.create(connection=source, family="ads", since=yesterday - timedelta(days=44), until=yesterday)
            pulls.schedule(cast.client, source)
        assert re.search(r"(49|50)% of its history is read", seen(page))

    def test_an_account_that_was_read_is_up_to_date_until_yesterday(self, cast: Cast, page: Browser, source: Connection) -> None:
        pull(cast, source)
        yesterday = timezone.now().astimezone(cast.client.zone).date() - timedelta(days=1)
        answer = page.get(LIST)
        assert "Up to date" in texts(answer)
        assert f"until {yesterday:%a} {yesterday.day} {yesterday:%b}" in texts(answer)
        assert "data-live" not in answer.content.decode()
        assert 'class="loading"' not in answer.content.decode()

    def test_it_is_told_in_french(self, cast: Cast, page: Browser, source: Connection) -> None:
        pull(cast, source)
        page.cookies["vigie_language"] = "fr"
        User.objects.filter(pk=cast.owner.pk).update(language="fr")
        assert "À jour" in seen(page)
        assert "jusqu'au" in seen(page)

    def test_an_account_of_files_is_told_as_such_and_offers_nothing(self, cast: Cast, page: Browser) -> None:
        with inside(cast.client):
            fed = Connection.objects.create(source="file", account="default", currency="EUR", timezone="Europe/Paris")
            LoadedSpan.objects.create(connection=fed, family="leads", since=date(2026, 1, 1), until=date(2026, 10, 31))
        assert "Fed by files" in seen(page)
        assert "until Sat 31 Oct" in seen(page)
        assert "Read now" not in seen(page)
        assert page.post(f"{LIST}{fed.pk}/pull/").status_code == 404

    def test_an_analyst_sees_everything_and_is_offered_nothing(self, cast: Cast, source: Connection, signed_in: SignIn) -> None:
        pull(cast, source)
        shown = seen(signed_in(cast.analyst))
        assert "Up to date" in shown
        assert "Disconnect" not in shown
        assert "Read now" not in shown

    def test_a_viewer_is_shown_no_way_there(self, cast: Cast, page: Browser, signed_in: SignIn) -> None:
        assert LIST in page.get("/c/lumen/").content.decode()
        assert LIST not in signed_in(cast.viewer).get("/c/lumen/").content.decode()

    def test_more_accounts_cost_no_more_queries_for_jobs(self, cast: Cast, page: Browser, source: Connection) -> None:
        def count() -> int:
            with CaptureQueriesContext(connection) as queries:
                page.get(LIST)
            return sum('FROM "jobs_job"' in query["sql"] for query in queries)

        page.get(LIST)
        one = count()
        with inside(cast.client):
            for number in range(3):
                Connection.objects.create(
                    source="google_ads", account=str(number), currency="EUR", timezone="Europe/Paris", credential_id=source.credential_id
                )
        assert count() == one


class TestFaults:
    """Each kind of failure ends in its state and sentence on the page, through the worker's door."""

    @pytest.mark.parametrize(
        ("faults", "state", "sentence"),
        [
            ([REVOKED] * 2, "Access lost", "was withdrawn or has expired. Please reconnect it"),
            ([Fault(body=b'{"results": [{"segm', path="googleAds:search")], "An answer could not be read", "nothing of it was stored"),
            ([Fault(status=503, path="googleAds:search", headers={"Retry-After": "900"})], "tried again soon", "What is stored is safe"),
            ([Fault(status=429, path="googleAds:search", headers={"Retry-After": "900"})], "tried again soon", "it is asked again on"),
            ([Fault(status=401, body=b"{}", path="googleAds:search")] * 2, "Access lost", "reconnect"),
        ],
    )
    def test_a_failure_says_what_happened_what_is_safe_and_what_to_do(
        self, cast: Cast, page: Browser, source: Connection, simulator: Simulator, faults: list[Fault], state: str, sentence: str
    ) -> None:
        simulator.faults += faults
        pull(cast, source)
        shown = seen(page)
        assert state in shown
        assert sentence in shown
        with inside(cast.client):
            assert not AdDay.objects.exists()

    def test_a_platform_that_was_away_all_day_is_asked_tomorrow(self, cast: Cast, page: Browser, source: Connection) -> None:
        with inside(cast.client):
            pulls.schedule(cast.client, source)
        job = queue.start(queue.claim(limit=1)[0][0])
        assert job
        Job.objects.filter(pk=job.pk).update(attempt=99)
        job.refresh_from_db()
        queue.retry(job, RuntimeError("away"))
        assert "tried again tomorrow" in seen(page)
        assert "away" in seen(page)

    def test_lost_access_offers_the_reconnect_first(self, cast: Cast, page: Browser, source: Connection, simulator: Simulator) -> None:
        simulator.platform(GoogleAdsSimulator).revoke()
        pull(cast, source)
        assert re.search(r'class="button small primary">Reconnect', page.get(LIST).content.decode())


class TestDoubt:
    @pytest.fixture
    def doubted(self, cast: Cast, source: Connection, simulator: Simulator) -> Pull:
        pull(cast, source)
        simulator.faults += [EMPTY] * 3
        pull(cast, source)
        simulator.faults.clear()
        with inside(cast.client):
            return source.pulls.get(state=Pull.State.SUSPECT)

    def test_shows_what_was_lost_and_asks(self, cast: Cast, page: Browser, source: Connection, doubted: Pull) -> None:
        with inside(cast.client):
            held = AdDay.objects.filter(day__range=(doubted.since, doubted.until)).count()
        shown = seen(page)
        assert "Needs your decision" in shown
        assert f"has 0 rows where {held} are stored" in shown

    def test_taken_is_stored(self, cast: Cast, page: Browser, source: Connection, doubted: Pull, simulator: Simulator) -> None:
        answer = page.post(f"{LIST}answers/{doubted.pk}/", {"decision": "take"}, follow=True)
        assert "is read again and stored" in texts(answer)
        simulator.faults += [EMPTY] * 3
        worker.work_off(cast.client.pk)
        with inside(cast.client):
            assert not AdDay.objects.filter(day__gte=doubted.since).exists()
        assert "Up to date" in seen(page)
        event = AuditEvent.objects.get(verb="connection.loss_taken")
        assert audit.sentence(event).startswith("had an answer of Maison Lumen (Google Ads)")

    def test_kept_stays(self, cast: Cast, page: Browser, source: Connection, doubted: Pull) -> None:
        with inside(cast.client):
            before = AdDay.objects.count()
        assert "stays as it is" in texts(page.post(f"{LIST}answers/{doubted.pk}/", {"decision": "keep"}, follow=True))
        with inside(cast.client):
            assert AdDay.objects.count() == before
        assert "Up to date" in seen(page)
        assert AuditEvent.objects.filter(verb="connection.loss_ignored").count() == 1


class TestDisconnecting:
    def test_says_what_is_lost_asks_once_and_keeps_the_figures(self, cast: Cast, page: Browser, source: Connection) -> None:
        pull(cast, source)
        path = f"{LIST}{source.pk}/disconnect/"
        assert "Every figure that was read stays" in seen(page, path)
        with inside(cast.client):
            before = AdDay.objects.count()
        assert "This can be undone below" in texts(page.post(path, follow=True))
        shown = seen(page)
        assert "Disconnected" in shown
        assert "Undo the disconnection" in shown
        with inside(cast.client):
            assert AdDay.objects.count() == before > 0
        assert AuditEvent.objects.filter(verb="connection.left").count() == 1

    def test_nothing_is_read_while_disconnected(self, cast: Cast, page: Browser, source: Connection) -> None:
        page.post(f"{LIST}{source.pk}/disconnect/")
        assert page.post(f"{LIST}{source.pk}/pull/").status_code == 404
        pull(cast, source)
        with inside(cast.client):
            assert not Pull.objects.exists()

    def test_undone_reads_what_was_missed(self, cast: Cast, page: Browser, source: Connection) -> None:
        page.post(f"{LIST}{source.pk}/disconnect/")
        page.post(f"{LIST}{source.pk}/resume/")
        worker.work_off(cast.client.pk)
        assert "Up to date" in seen(page)
        assert AuditEvent.objects.filter(verb="connection.resumed").count() == 1


class TestWhatCounts:
    def test_conversion_actions_that_are_ticked_count_from_now_on(self, cast: Cast, page: Browser, source: Connection) -> None:
        pull(cast, source)
        with inside(cast.client):
            DirtyDay.objects.all().delete()
            cart = ConversionAction.objects.get(counts_there=False)
            others = list(ConversionAction.objects.exclude(pk=cart.pk).values_list("action", flat=True))
            days = set(AdConversion.objects.values_list("day", flat=True))
        path = f"{LIST}{source.pk}/"
        assert "does not count on the platform" in seen(page, path)
        answer = page.post(f"{path}conversions/", {"counted": [cart.action, *others]}, follow=True)
        assert "The figures are being computed again" in texts(answer)
        with inside(cast.client):
            assert ConversionAction.objects.get(pk=cart.pk).counts is True
            assert set(DirtyDay.objects.filter(family="ads").values_list("day", flat=True)) == days
        assert AuditEvent.objects.get(verb="connection.conversions_chosen").details["account"] == "Maison Lumen"

    def test_an_unchanged_choice_changes_nothing(self, cast: Cast, page: Browser, source: Connection) -> None:
        pull(cast, source)
        with inside(cast.client):
            counted = list(ConversionAction.objects.filter(counts_there=True).values_list("action", flat=True))
        page.post(f"{LIST}{source.pk}/conversions/", {"counted": counted})
        with inside(cast.client):
            assert not ConversionAction.objects.exclude(counts=None).exists()
        assert not AuditEvent.objects.filter(verb="connection.conversions_chosen").exists()

    def test_where_two_sources_tell_of_one_thing_somebody_says_whose_word_counts(self, cast: Cast, page: Browser) -> None:
        with inside(cast.client):
            for name in ("stripe", "file"):
                told = Connection.objects.create(source=name, account="x", currency="EUR", timezone="Europe/Paris")
                LoadedSpan.objects.create(connection=told, family="orders", since=date(2026, 1, 1), until=date(2026, 2, 1))
        assert "Whose word counts" in seen(page)
        page.post(f"{LIST}systems-of-record/", {"revenue": "file", "customers": "stripe"})
        with inside(cast.client):
            assert dict(SystemOfRecord.objects.values_list("subject", "source")) == {"revenue": "file"}
        sentence = audit.sentence(AuditEvent.objects.get(verb="system_of_record.chosen"))
        assert sentence == "chose whose word counts for Revenue: Files"
        page.post(f"{LIST}systems-of-record/", {"revenue": "shopify"})
        with inside(cast.client):
            assert dict(SystemOfRecord.objects.values_list("subject", "source")) == {"revenue": "file"}


def test_the_page_of_one_account_lists_what_was_read(cast: Cast, page: Browser, source: Connection) -> None:
    pull(cast, source)
    shown = seen(page, f"{LIST}{source.pk}/")
    with inside(cast.client):
        newest = source.pulls.latest("pk")
    assert f"{newest.rows:,} rows" in shown
    assert CUSTOMER in shown


def test_an_admin_of_the_company_connects_without_the_agency(cast: Cast, source: Connection, signed_in: SignIn) -> None:
    admin = User.objects.create_user("admin@people.example")
    add_member(admin, Role.ADMIN, client=cast.client)
    assert "Read now" in seen(signed_in(admin))
    answer = signed_in(admin).get(f"{LIST}new/")
    assert "Who may use this permission?" not in texts(answer)


class TestWhichDaysAreHere:
    def kinds(self, page: Browser, path: str = LIST) -> list[str]:
        return re.findall(r'<td class="day-(\w+)', page.get(path).content.decode())

    def test_each_day_of_an_account_is_a_cell_and_a_word(self, cast: Cast, page: Browser, source: Connection) -> None:
        pull(cast, source)
        assert self.kinds(page) == ["moving"] * 30
        assert self.kinds(page, f"{LIST}?days=60") == ["loaded"] * 30 + ["moving"] * 30
        assert self.kinds(page, f"{LIST}?days=nothing") == ["moving"] * 30
        yesterday = timezone.now().astimezone(cast.client.zone).date() - timedelta(days=1)
        shown = seen(page)
        assert f"Complete until {yesterday:%a} {yesterday.day} {yesterday:%b}." in shown
        assert "loaded, may still change" in shown

    def test_a_day_that_is_missing_is_named(self, cast: Cast, page: Browser, source: Connection) -> None:
        yesterday = timezone.now().astimezone(cast.client.zone).date() - timedelta(days=1)
        with inside(cast.client):
            for since, until in ((89, 5), (3, 0)):
                days = [yesterday - timedelta(days=back) for back in (since, until)]
                LoadedSpan.objects.create(connection=source, family="ads", since=days[0], until=days[1])
        gap = yesterday - timedelta(days=4)
        assert f"Missing: {gap:%a} {gap.day} {gap:%b}." in seen(page)
        assert self.kinds(page)[-6:] == ["moving", "missing", "moving", "moving", "moving", "moving"]

    def test_days_that_could_not_be_read_are_told_from_those_that_nobody_asked_for(
        self, cast: Cast, page: Browser, source: Connection, simulator: Simulator
    ) -> None:
        simulator.faults += [REVOKED] * 2
        pull(cast, source)
        assert set(self.kinds(page)) == {"failed"}
        assert "could not be read" in seen(page)

    def test_files_are_shown_for_the_days_they_tell(self, cast: Cast, page: Browser) -> None:
        yesterday = timezone.now().astimezone(cast.client.zone).date() - timedelta(days=1)
        with inside(cast.client):
            fed = Connection.objects.create(source="file", account="default", currency="EUR", timezone="Europe/Paris")
            LoadedSpan.objects.create(
                connection=fed, family="leads", since=yesterday - timedelta(days=9), until=yesterday - timedelta(days=5)
            )
        assert self.kinds(page)[-11:] == ["none"] + ["loaded"] * 5 + ["none"] * 5

    def test_a_doubtful_answer_stands_above_everything_else(
        self, cast: Cast, page: Browser, source: Connection, simulator: Simulator
    ) -> None:
        pull(cast, source)
        simulator.faults += [EMPTY] * 3
        pull(cast, source)
        html = page.get(LIST).content.decode()
        assert html.index('id="doubts"') < html.index('id="freshness"') < html.index('class="connections"')
        assert html.count("Take the answer") == 1

    def test_three_accounts_cost_no_more_queries_than_one(self, cast: Cast, page: Browser, source: Connection) -> None:
        def count() -> int:
            with CaptureQueriesContext(connection) as queries:
                page.get(LIST)
            return len(queries)

        page.get(LIST)
        one = count()
        with inside(cast.client):
            for number in range(2):
                Connection.objects.create(
                    source="google_ads", account=str(number), currency="EUR", timezone="Europe/Paris", credential_id=source.credential_id
                )
        assert count() == one

    def test_in_french_a_sentence_ends_with_one_full_stop(self, cast: Cast, page: Browser, source: Connection) -> None:
        pull(cast, source)
        page.cookies["vigie_language"] = "fr"
        User.objects.filter(pk=cast.owner.pk).update(language="fr")
        assert re.search(r"Complet jusqu'au [^.]+\.? [^.]+\.(?!\.)", seen(page))
