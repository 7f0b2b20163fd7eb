"""The head of every mail, byte by byte as the mail server received it: what machines read is on one line and written as it is."""

from __future__ import annotations

import re
from datetime import timedelta
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
from django.utils import timezone

from accounts import hosts
from accounts.models import Agency, Client
from jobs import worker
from jobs.models import Job
from reports import notices, scheduling, sending, stopping
from reports.models import Delivery, Recipient, Run, Schedule
from tests.conftest import Cast
from tests.mail_server import MailServer
from tests.reports.conftest import WEEK

# Longer than a line, with letters, signs and quotes that a header cannot carry as they are.
AGENCY = "L’Agence « Étoile du Nord » de communication, d’événements & de stratégie à Saint-Étienne-du-Rouvray"
COMPANY = "Société des Éclairages Übermäßig — Maison Lumen & Cie, Œuvres d’Art “Żółć” 東京"
HOST = "rapports-hebdomadaires-et-mensuels.agence-etoile-du-nord-de-communication.example"
READERS: dict[str, dict[str, str]] = {
    "mail": {"format": Recipient.Format.MAIL, "language": "fr"},
    "pdf": {"format": Recipient.Format.FULL, "language": "en"},
    "text": {"format": Recipient.Format.TEXT, "language": "fr"},
}
Heads = dict[str, dict[str, str]]


@pytest.fixture(params=["short names", "long names"])
def schedule(request: pytest.FixtureRequest, reported: Client) -> Schedule:
    """To a reader of each form and one in copy, under names that fit into a line or do not."""
    if request.param == "long names":
        assert reported.agency
        Agency.objects.filter(pk=reported.agency.pk).update(name=AGENCY, host=HOST)
        Client.objects.filter(pk=reported.pk).update(name=COMPANY)
    schedule = scheduling.create_weekly(reported, {})
    Schedule.objects.filter(pk=schedule.pk).update(policy=Schedule.Policy.SEND)
    for name, more in READERS.items():
        Recipient.objects.create(schedule=schedule, email=f"{name}@lumen.example", **more)
    pdf = Recipient.objects.get(email="pdf@lumen.example")
    Recipient.objects.create(schedule=schedule, email="copy@lumen.example", language="fr", copy_of=pdf)
    return Schedule.objects.select_related("client__agency").get(pk=schedule.pk)


def head(raw: bytes) -> dict[str, str]:
    """Header lines as they were sent, folded where they were; each stands once."""
    lines = raw.partition(b"\r\n\r\n")[0].decode("ascii")
    found = re.findall(r"^([\w-]+):[ ]?([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)", lines, re.MULTILINE)
    assert len(found) == len(dict(found)), "a header stands twice"
    return dict(found)


def heads(server: MailServer) -> Heads:
    return {one.partition("@")[0]: head(raw) for [one], raw in zip(server.envelopes, server.received, strict=True)}


def said(value: str) -> str:
    """What a header says once its lines are joined and its words decoded."""
    return str(make_header(decode_header(unfolded(value))))


def unfolded(value: str) -> str:
    return re.sub(r"\r\n(?=[ \t])", "", value)


def check(found: dict[str, str], raw: bytes, agency: Agency) -> None:
    """What holds for every mail that we send."""
    assert not re.search(rb"[^\r]\n", raw), "a line that ends as none may"
    assert max(map(len, raw.partition(b"\r\n\r\n")[0].split(b"\r\n"))) <= 998, "RFC 5322, 2.1.1"
    assert re.fullmatch(r"<[\w.+-]+@[\w.-]+>", found["Message-ID"])
    name, address = parseaddr(unfolded(found["From"]))
    assert (said(name), address) == (agency.name, "reports@localhost")
    assert "reports@localhost" in found["From"], "an address is never encoded"
    assert found["Reply-To"] == "bonjour@nord.example"
    assert found["Auto-Submitted"] == "auto-generated"
    # A subject that is not ASCII is in UTF-8, in words of at most 75 letters on lines of at most 78 (RFC 2047, 2).
    words = re.findall(r"=\?[^?]+\?[bq]\?[^?]*\?=", found["Subject"], re.IGNORECASE)
    assert all(word.lower().startswith("=?utf-8?") and len(word) <= 75 for word in words)
    assert all(len(line) <= 78 for line in f"Subject: {found['Subject']}".split("\r\n"))
    assert found["Subject"][:1].strip(), "nothing stands on the line of the name"


def test_machines_and_people_can_read_the_head_of_every_mail(schedule: Schedule, mail_server: MailServer, cast: Cast) -> None:
    client, agency = schedule.client, schedule.client.agency
    assert agency
    scheduling.open_run(schedule, WEEK)
    mail_server.rcpt = "450 not now"
    worker.work_off()
    first = dict(Delivery.objects.values_list("recipient__email", "message_id"))
    mail_server.rcpt = ""
    Job.objects.filter(state=Job.State.QUEUED).update(run_at=timezone.now() - timedelta(hours=1))
    worker.work_off()
    found = heads(mail_server)
    assert found.keys() == {"mail", "pdf", "text", "copy"}
    for reader in Recipient.objects.all():
        mine = found[reader.email.partition("@")[0]]
        # RFC 8058: whole, on one line, each once, and not encoded.
        assert mine["List-Unsubscribe"] == f"<{hosts.origin(agency)}/u/{reader.token}/>"
        assert mine["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert mine["Message-ID"] == f"<{first[reader.email]}>", "another name at another attempt"
        assert ("semaine 46" if reader.language == "fr" else "week 46") in said(mine["Subject"]).lower()
        assert client.name in said(mine["Subject"])
    assert found["pdf"]["To"] == found["copy"]["To"] == "pdf@lumen.example"
    assert found["pdf"]["Cc"] == found["copy"]["Cc"] == "copy@lumen.example"
    assert "Cc" not in found["mail"]

    sending.send_test(client, schedule, WEEK, "test@lumen.example", "fr")
    tested = heads(mail_server)["test"]
    assert "List-Unsubscribe" not in tested
    assert tested["Message-ID"] not in {mine["Message-ID"] for mine in found.values()}
    assert client.name in said(tested["Subject"])

    stopping.tell(client, schedule, cast.owner)
    notices.send(client, Run.objects.get(), cast.viewer, {"name": notices.HELD})
    notices.send(client, Run.objects.get(), cast.analyst, {"name": notices.APPROVAL})
    for name in ("owner", "viewer", "analyst"):
        assert client.name in said(heads(mail_server)[name]["Subject"])
    for mine, raw in zip(heads(mail_server).values(), mail_server.received, strict=True):
        check(mine, raw, agency)
