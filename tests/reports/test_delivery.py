"""From schedule to mailbox: once per week and recipient, kept as sent, and honest about what went wrong."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import Client as Browser
from django.utils import timezone

from accounts.models import Agency, Client
from jobs import queue, worker
from jobs.models import Job
from reports import delivery as delivering
from reports import preparing, scheduling, transport
from reports.archive.models import Document, Snapshot
from reports.handlers import DELIVERY_ATTEMPTS
from reports.models import Delivery, Recipient, Run, Schedule
from reports.transport import Outcome
from tests.mail_server import MailServer
from tests.reports.conftest import WEEK

State = Delivery.State


def send(schedule: Schedule) -> Run:
    run = scheduling.open_run(schedule, WEEK)
    worker.work_off()
    run.refresh_from_db()
    return run


def prepare(schedule: Schedule) -> Run:
    """The run of the week with its documents kept and its deliveries queued."""
    run = scheduling.open_run(schedule, WEEK)
    [(job_id, _)] = queue.claim(limit=1)
    worker.run(job_id)
    return run


def states(run: Run) -> dict[str, str]:
    return dict(run.deliveries.values_list("recipient__email", "state"))


def due_again() -> None:
    Job.objects.filter(state=Job.State.QUEUED).update(run_at=timezone.now() - timedelta(hours=1))


class TestOnce:
    def test_each_recipient_gets_the_report_once_in_their_language(self, schedule: Schedule, mail_server: MailServer) -> None:
        run = send(schedule)
        assert states(run) == {"ana@lumen.example": State.SENT, "bob@lumen.example": State.SENT}
        subjects = {message["To"]: message["Subject"] for message in mail_server.messages()}
        assert "emaine 46" in subjects["ana@lumen.example"]
        assert "eek 46" in subjects["bob@lumen.example"]

    def test_asking_for_the_same_week_again_sends_nothing(self, schedule: Schedule, mail_server: MailServer) -> None:
        first, again = send(schedule), send(schedule)
        assert first == again
        assert len(mail_server.received) == 2

    def test_a_due_schedule_opens_one_run_whoever_ticks(self, schedule: Schedule) -> None:
        Schedule.objects.update(next_run_at=datetime(2026, 11, 16, 7, tzinfo=UTC))
        for _ in range(3):
            scheduling.open_due_runs()
        assert Run.objects.get().period == WEEK
        schedule.refresh_from_db()
        assert schedule.next_run_at > timezone.now()

    def test_a_paused_schedule_opens_nothing(self, schedule: Schedule) -> None:
        Schedule.objects.update(next_run_at=datetime(2026, 11, 16, 7, tzinfo=UTC), paused=True)
        scheduling.open_due_runs()
        assert not Run.objects.exists()

    def test_a_worker_that_died_while_sending_leaves_unknown_and_no_second_copy(self, schedule: Schedule, mail_server: MailServer) -> None:
        run = prepare(schedule)
        Delivery.objects.update(state=State.SENDING)
        worker.work_off()
        assert set(states(run).values()) == {State.UNKNOWN}
        assert mail_server.received == []

    def test_a_message_that_cannot_be_built_is_not_called_unknown(self, schedule: Schedule, mail_server: MailServer) -> None:
        run = prepare(schedule)
        kept = Document.objects.filter(kind=Document.Kind.HTML).values_list("pk", flat=True)
        Document.objects.filter(pk__in=list(kept)).update(kind="lost")
        worker.work_off()
        assert set(states(run).values()) == {State.QUEUED}
        Document.objects.filter(kind="lost").update(kind=Document.Kind.HTML)
        due_again()
        worker.work_off()
        assert set(states(run).values()) == {State.SENT}

    def test_a_report_is_sent_in_the_language_it_was_prepared_in(self, schedule: Schedule, mail_server: MailServer) -> None:
        run = prepare(schedule)
        Recipient.objects.update(language="en")
        worker.work_off()
        assert set(states(run).values()) == {State.SENT}
        subjects = {message["To"]: message["Subject"] for message in mail_server.messages()}
        assert "emaine 46" in subjects["ana@lumen.example"]

    def test_a_line_break_in_the_agencys_name_is_no_reason_not_to_send(self, schedule: Schedule, mail_server: MailServer) -> None:
        Agency.objects.update(name="Agence\nNord")
        assert set(states(send(schedule)).values()) == {State.SENT}
        assert {message["From"] for message in mail_server.messages()} == {"Agence Nord <reports@localhost>"}


class TestRefusals:
    def test_a_passing_refusal_is_tried_again_for_that_recipient_alone(self, schedule: Schedule, mail_server: MailServer) -> None:
        mail_server.rcpt = "450 mailbox busy"
        run = send(schedule)
        assert set(states(run).values()) == {State.DEFERRED}
        mail_server.rcpt = ""
        due_again()
        worker.work_off()
        assert set(states(run).values()) == {State.SENT}
        assert len(mail_server.received) == 2

    def test_a_final_refusal_fails_and_keeps_the_servers_words(self, schedule: Schedule, mail_server: MailServer) -> None:
        mail_server.rcpt = "550 no such person"
        run = send(schedule)
        assert set(states(run).values()) == {State.FAILED}
        assert "550 no such person" in run.deliveries.all()[0].error

    def test_refused_content_fails_too(self, schedule: Schedule, mail_server: MailServer) -> None:
        mail_server.data = "554 looks like spam"
        assert set(states(send(schedule)).values()) == {State.FAILED}

    def test_a_server_that_is_away_is_tried_again(self, schedule: Schedule, settings: Any) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
        run = send(schedule)
        assert set(states(run).values()) == {State.DEFERRED}
        assert "cannot be reached" in run.deliveries.all()[0].error

    def test_trying_ends_with_failed_and_never_with_silence(self, schedule: Schedule, mail_server: MailServer) -> None:
        mail_server.rcpt = "450 mailbox busy"
        run = send(schedule)
        Job.objects.filter(kind=preparing.DELIVER).update(attempt=DELIVERY_ATTEMPTS - 1)
        due_again()
        worker.work_off()
        assert set(states(run).values()) == {State.FAILED}

    def test_a_connection_that_breaks_after_the_message_left_is_unknown(self, schedule: Schedule, mail_server: MailServer) -> None:
        mail_server.hang_up = True
        run = send(schedule)
        due_again()
        worker.work_off()
        assert set(states(run).values()) == {State.UNKNOWN}
        assert len(mail_server.received) == 2


class TestGivingUp:
    """A delivery whose job has failed for good says so; nothing waits for ever under `queued` or `sending`."""

    @pytest.mark.parametrize(("found", "shown"), [(State.QUEUED, State.FAILED), (State.SENDING, State.UNKNOWN)])
    def test_when_every_worker_died_the_copy_is_failed_or_unknown(
        self, schedule: Schedule, mail_server: MailServer, found: str, shown: str
    ) -> None:
        run = prepare(schedule)
        Job.objects.filter(kind=preparing.DELIVER).update(attempt=DELIVERY_ATTEMPTS - 1)
        for job_id, _ in queue.claim(limit=2):
            assert queue.start(job_id)
        Delivery.objects.update(state=found)
        Job.objects.filter(state=Job.State.RUNNING).update(lease_until=timezone.now() - timedelta(hours=1))
        queue.reap()
        assert set(run.deliveries.values_list("state", "error")) == {(shown, "the worker stopped answering")}

    def test_a_message_that_can_never_be_built_fails_and_says_why(
        self, schedule: Schedule, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def breaks(*_: object) -> None:
            raise LookupError("its text is lost")

        run = prepare(schedule)
        monkeypatch.setattr(delivering, "build", breaks)
        Job.objects.filter(kind=preparing.DELIVER).update(attempt=DELIVERY_ATTEMPTS - 1)
        worker.work_off()
        [(state, error)] = set(run.deliveries.values_list("state", "error"))
        assert state == State.FAILED
        assert "its text is lost" in error

    def test_a_late_answer_of_the_mail_server_does_not_overwrite_unknown(
        self, schedule: Schedule, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Another worker found the row `sending` and wrote that nobody knows; its job is done."""
        run = prepare(schedule)
        [delivery, _] = run.deliveries.order_by("pk")

        def slow(message: EmailMultiAlternatives) -> Outcome:
            delivering.deliver(schedule.client, delivery)
            return Outcome(State.DEFERRED, "450 later")

        monkeypatch.setattr(transport, "hand_over", slow)
        delivering.deliver(schedule.client, delivery)
        delivery.refresh_from_db()
        assert delivery.state == State.UNKNOWN


class TestMessage:
    def test_headers_allow_unsubscribing_by_one_click(self, schedule: Schedule, mail_server: MailServer) -> None:
        send(schedule)
        for raw in mail_server.received:
            head = raw.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ")
            [line] = [line for line in head.split(b"\r\n") if line.startswith(b"List-Unsubscribe:")]
            assert line.startswith(b"List-Unsubscribe: <http://localhost:8000/u/")
            assert b"=?" not in line
            assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in head

    def test_the_message_id_of_a_copy_never_changes(self, schedule: Schedule, mail_server: MailServer) -> None:
        run = send(schedule)
        Delivery.objects.update(state=State.QUEUED)
        for delivery in run.deliveries.all():
            queue.enqueue(preparing.DELIVER, client_id=schedule.client_id, key=str(delivery.pk), arguments={"delivery_id": delivery.pk})
        worker.work_off()
        ids = [message["Message-ID"] for message in mail_server.messages()]
        assert len(ids) == 4
        assert len(set(ids)) == 2

    def test_the_mail_carries_text_html_and_the_pdf_as_kept(self, schedule: Schedule, mail_server: MailServer) -> None:
        send(schedule)
        message = next(message for message in mail_server.messages() if message["To"] == "ana@lumen.example")
        assert message.get_content_maintype() == "multipart"
        [attachment] = list(message.iter_attachments())
        assert attachment.get_filename() == "lumen-2026-W46.pdf"
        kept = Document.objects.get(kind=Document.Kind.PDF, language="fr")
        assert attachment.get_content() == bytes(kept.content)
        body = message.get_body(("plain",))
        assert body
        assert "Chiffre d" in body.get_content()

    def test_the_agency_speaks_under_its_own_name(self, schedule: Schedule, mail_server: MailServer) -> None:
        send(schedule)
        message = mail_server.messages()[0]
        assert message["From"] == "Agence Nord <reports@localhost>"
        assert message["Reply-To"] == "bonjour@nord.example"

    def test_kept_documents_hold_no_recipients_token(self, schedule: Schedule, mail_server: MailServer) -> None:
        send(schedule)
        tokens = [token.encode() for token in Recipient.objects.values_list("token", flat=True)]
        for document in Document.objects.all():
            assert not any(token in bytes(document.content) for token in tokens)


class TestUnsubscribing:
    def test_one_post_without_a_session_unsubscribes(self, schedule: Schedule, mail_server: MailServer) -> None:
        recipient = Recipient.objects.get(email="ana@lumen.example")
        stranger = Browser(SERVER_NAME="localhost", enforce_csrf_checks=True)
        answer = stranger.post(f"/u/{recipient.token}/", {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        assert states(send(schedule)) == {"bob@lumen.example": State.SENT}

    def test_opening_the_link_asks_first(self, schedule: Schedule) -> None:
        recipient = Recipient.objects.get(email="ana@lumen.example")
        assert Browser(SERVER_NAME="localhost").get(f"/u/{recipient.token}/").status_code == 200
        recipient.refresh_from_db()
        assert recipient.unsubscribed_at is None

    def test_unsubscribing_between_preparing_and_sending_counts(self, schedule: Schedule, mail_server: MailServer) -> None:
        run = prepare(schedule)
        Recipient.objects.filter(email="ana@lumen.example").update(unsubscribed_at=timezone.now())
        worker.work_off()
        assert states(run) == {"ana@lumen.example": State.SUPPRESSED, "bob@lumen.example": State.SENT}

    def test_a_guessed_token_is_404(self, reported: Client) -> None:
        assert Browser(SERVER_NAME="localhost").post("/u/guess/").status_code == 404


class TestKept:
    def test_what_was_sent_stays_when_the_figures_move(self, schedule: Schedule, mail_server: MailServer, tmp_path: Any) -> None:
        from campaigns.imports import load
        from campaigns.imports.kinds import KINDS

        run = send(schedule)
        snapshot = Snapshot.objects.get(run_id=run.pk)
        before = (snapshot.figures, snapshot.sha256, [bytes(d.content) for d in snapshot.documents.order_by("pk")])
        (tmp_path / "late.csv").write_text("order_id,ordered_at,amount\nO9,2026-11-10T10:00:00,5000\n")
        load(schedule.client, KINDS["orders"], tmp_path / "late.csv")
        worker.work_off()
        snapshot.refresh_from_db()
        assert (snapshot.figures, snapshot.sha256, [bytes(d.content) for d in snapshot.documents.order_by("pk")]) == before
        assert hashlib.sha256(snapshot.figures.encode()).hexdigest() == snapshot.sha256

    def test_a_snapshot_holds_exact_figures_and_no_person(self, schedule: Schedule, mail_server: MailServer) -> None:
        send(schedule)
        figures = json.loads(Snapshot.objects.get().figures)
        revenue = next(tile["figure"] for tile in figures["tiles"] if tile["figure"]["slug"] == "revenue")
        assert (revenue["value"], revenue["previous"]) == ("1510.4", "900")
        assert "@" not in Snapshot.objects.get().figures
