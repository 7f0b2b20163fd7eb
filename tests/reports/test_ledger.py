"""Who is written to, in what form, under whose names; and who is not, and why."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any

import pytest

from accounts.audit import Actor
from accounts.models import AuditEvent
from jobs import worker
from reports import scheduling, suppression
from reports.models import Delivery, Recipient, Run, Schedule, Suppression
from tests.conftest import Cast
from tests.mail_server import MailServer
from tests.reports.conftest import WEEK

State = Delivery.State


@pytest.fixture
def readers(schedule: Schedule) -> dict[str, Recipient]:
    """Ana with Carl in copy, Bob who wants no attachment, Dora who reads text, Eve who is paused, Finn whose mail came back."""
    known = {recipient.email.split("@")[0]: recipient for recipient in schedule.recipients.all()}
    Recipient.objects.filter(pk=known["bob"].pk).update(format=Recipient.Format.MAIL)
    others: dict[str, dict[str, Any]] = {
        "carl": {"copy_of": known["ana"]},
        "dora": {"format": Recipient.Format.TEXT},
        "eve": {"paused": True},
        "finn": {},
    }
    for name, more in others.items():
        known[name] = Recipient.objects.create(schedule=schedule, email=f"{name}@lumen.example", language="fr", **more)
    suppression.suppress(schedule.client, "Finn@lumen.example", Suppression.Reason.HARD_BOUNCE, "550 no such person")
    return known


@pytest.fixture
def run(schedule: Schedule, readers: dict[str, Recipient], mail_server: MailServer) -> Run:
    run = scheduling.open_run(schedule, WEEK)
    worker.work_off()
    run.refresh_from_db()
    return run


def addressed(mail_server: MailServer) -> dict[str, EmailMessage]:
    """The messages by the one address that the server was told to bring each to."""
    return dict(zip((one.partition("@")[0] for [one] in mail_server.envelopes), mail_server.messages(), strict=True))


def test_each_reader_gets_one_message_of_their_own_in_the_form_they_chose(
    run: Run, readers: dict[str, Recipient], mail_server: MailServer
) -> None:
    messages = addressed(mail_server)
    assert messages.keys() == {"ana", "carl", "bob", "dora"}
    for name in ("ana", "carl"):  # both name both, and each can leave by itself
        assert (messages[name]["To"], messages[name]["Cc"]) == ("ana@lumen.example", "carl@lumen.example")
        assert f"/u/{readers[name].token}/" in messages[name]["List-Unsubscribe"]
    assert (messages["bob"]["To"], messages["bob"]["Cc"]) == ("bob@lumen.example", None)
    forms = {name: [part.get_content_type() for part in message.walk() if not part.is_multipart()] for name, message in messages.items()}
    assert forms == {
        "ana": ["text/plain", "text/html", "application/pdf"],
        "carl": ["text/plain", "text/html", "application/pdf"],
        "bob": ["text/plain", "text/html"],
        "dora": ["text/plain", "application/pdf"],
    }
    assert len({message["Message-ID"] for message in messages.values()}) == 4


def test_the_ledger_tells_of_every_reader_what_became_of_their_copy(
    run: Run, readers: dict[str, Recipient], mail_server: MailServer
) -> None:
    rows = {row.recipient.email.partition("@")[0]: row for row in run.deliveries.select_related("recipient")}
    assert {name: (row.state, row.attempts) for name, row in rows.items()} == {
        **dict.fromkeys(("ana", "carl", "bob", "dora"), (State.SENT, 1)),
        "finn": (State.SUPPRESSED, 0),
    }
    assert rows["finn"].error == "earlier mail to this address came back for good"
    for name, message in addressed(mail_server).items():
        assert message["Message-ID"] == f"<{rows[name].message_id}>"


def test_a_suppression_that_is_lifted_is_on_record_and_mail_flows_again(schedule: Schedule, cast: Cast) -> None:
    client = schedule.client
    for _ in range(2):
        suppression.suppress(client, "ana@lumen.example", Suppression.Reason.COMPLAINT, "spam")
    [row] = suppression.active(client)
    ana, actor = schedule.recipients.get(email="ana@lumen.example"), Actor(cast.owner.email, cast.owner)
    assert suppression.why(client, ana)
    assert suppression.lift(row, actor)
    assert not suppression.lift(row, actor)
    assert not suppression.why(client, ana)
    row.refresh_from_db()
    assert (row.lifted_by, row.reason) == (cast.owner, Suppression.Reason.COMPLAINT)
    [line] = AuditEvent.objects.filter(verb="suppression.lifted")
    assert line.details == {"address": "ana@lumen.example"}
