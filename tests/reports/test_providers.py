"""Mail by a provider's API: what it answers is told, what it reports afterwards too, and nobody can report in its name."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import httpx
import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connection

from jobs import worker
from reports import scheduling, suppression
from reports.models import Delivery, Recipient, Run, Schedule, Suppression
from tests.conftest import Cast
from tests.reports.conftest import WEEK

State = Delivery.State
SECRET = "a-secret-of-twenty-letters"
KEY = "signing-key"
PROVIDERS: dict[str, dict[str, str]] = {
    "postmark": {"POSTMARK_SERVER_TOKEN": "token"},
    "mailgun": {"MAILGUN_API_KEY": "key", "MAILGUN_SENDER_DOMAIN": "lumen.example", "MAILGUN_WEBHOOK_SIGNING_KEY": KEY},
}


def use(settings: Any, provider: str, **more: str) -> None:
    settings.MAIL_PROVIDER = provider
    settings.EMAIL_BACKEND = f"anymail.backends.{provider}.EmailBackend"
    settings.ANYMAIL = {**PROVIDERS[provider], **more, "WEBHOOK_SECRET": f"vigie:{SECRET}"}


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def site(own_database: str) -> Iterator[str]:
    """This service, answering over HTTP."""
    application = get_wsgi_application()

    def answering(*request: Any) -> Any:
        try:
            return [b"".join(application(*request))]
        finally:
            connection.close()

    with make_server("127.0.0.1", 0, answering, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hooks/mail/"
        server.shutdown()
        thread.join()


@pytest.fixture
def copies(own_database: str, cast: Cast) -> dict[str, Delivery]:
    """Copies that have left, by the reader's name; nobody knows whether Dan's has."""
    schedule = scheduling.create_weekly(cast.client, {f"{name}@lumen.example": "en" for name in ("ana", "bob", "carl", "dan", "eve")})
    run = Run.objects.create(schedule=schedule, period=WEEK, since="2026-11-09", until="2026-11-15", state=Run.State.READY)
    rows = {}
    for recipient in schedule.recipients.all():
        name = recipient.email.partition("@")[0]
        state = State.UNKNOWN if name == "dan" else State.SENT
        rows[name] = Delivery.objects.create(
            run=run, recipient=recipient, language="en", state=state, message_id=f"{name}@localhost", provider_id=f"id-of-{name}"
        )
    return rows


def postmark(name: str, **event: str) -> bytes:
    about = {"MessageID": f"id-of-{name}", "Email": f"{name}@lumen.example", "Recipient": f"{name}@lumen.example"}
    return json.dumps({"MessageStream": "outbound", "ServerID": 23, "Metadata": {}, **about, **event}).encode()


def mailgun(name: str, event: str, key: str = KEY, **more: Any) -> bytes:
    signature = hmac.new(key.encode(), b"1763971200token", hashlib.sha256).hexdigest()
    headers = {"message-id": f"{name}@localhost", "to": f"{name}@lumen.example"}
    data = {"event": event, "timestamp": 1763971200.5, "recipient": f"{name}@lumen.example", "message": {"headers": headers}, **more}
    return json.dumps({"signature": {"timestamp": "1763971200", "token": "token", "signature": signature}, "event-data": data}).encode()


def post(site: str, body: bytes, secret: str = SECRET) -> int:
    credentials = base64.b64encode(f"vigie:{secret}".encode()).decode()
    headers = {"Content-Type": "application/json", "Host": "localhost", "Authorization": f"Basic {credentials}"}
    return httpx.post(site, content=body, headers=headers).status_code


BOUNCED: dict[str, Any] = {"severity": "permanent", "reason": "bounce", "delivery-status": {"message": "550 no such person", "code": 550}}
DELAYED: dict[str, Any] = {"severity": "temporary", "reason": "generic", "delivery-status": {"message": "452 mailbox full", "code": 452}}
REPORTS = {
    "postmark": (
        postmark("ana", RecordType="Bounce", Type="HardBounce", Details="550 no such person"),
        postmark("bob", RecordType="Bounce", Type="SoftBounce", Details="452 mailbox full"),
        postmark("carl", RecordType="SpamComplaint", Type="SpamComplaint", Description="marked as spam"),
        postmark("dan", RecordType="Delivery", DeliveredAt="2026-11-16T08:00:00Z"),
        postmark("eve", RecordType="SubscriptionChange", SuppressSending="true", SuppressionReason="ManualSuppression"),
    ),
    "mailgun": (
        mailgun("ana", "failed", **BOUNCED),
        mailgun("bob", "failed", **DELAYED),
        mailgun("carl", "complained"),
        mailgun("dan", "delivered"),
        mailgun("eve", "unsubscribed"),
    ),
}


@pytest.mark.parametrize("provider", REPORTS)
def test_what_a_provider_reports_is_shown_and_what_came_back_for_good_is_not_written_to_again(
    provider: str, site: str, copies: dict[str, Delivery], settings: Any
) -> None:
    use(settings, provider)
    for body in REPORTS[provider] * 2:  # providers report again when in doubt
        assert post(site, body) == 200
    found = {row.recipient.email.partition("@")[0]: row for row in Delivery.objects.select_related("recipient")}
    soft = State.BOUNCED if provider == "postmark" else State.SENT
    assert {name: row.state for name, row in found.items()} == {
        "ana": State.BOUNCED, "bob": soft, "carl": State.SENT, "dan": State.SENT, "eve": State.SENT,
    }  # fmt: skip
    assert (found["ana"].error, found["bob"].error) == ("550 no such person", "452 mailbox full")
    assert found["dan"].sent_at
    client = copies["ana"].run.schedule.client
    assert dict(suppression.active(client).values_list("email", "reason")) == {
        "ana@lumen.example": Suppression.Reason.HARD_BOUNCE,
        "carl@lumen.example": Suppression.Reason.COMPLAINT,
    }
    assert found["eve"].recipient.unsubscribed_at

    forged = [
        (REPORTS[provider][0].replace(b"ana", b"bob"), "a-guess-of-twenty-letters"),
        (b"{}", SECRET),
        (b"[" * 9, SECRET),
        (b"[" * 100_000, SECRET),
        (b"\xff", SECRET),
    ]
    if provider == "mailgun":
        forged.append((mailgun("bob", "failed", key="a guess", **BOUNCED), SECRET))
        strange: list[object] = [[], {"signature": {"token": "é", "timestamp": 1, "signature": 1}}]
        forged += [(json.dumps(said).encode(), SECRET) for said in strange]
    Suppression.objects.all().delete()
    answers = [post(site, body, secret) for body, secret in forged]
    assert answers == [400, 200 if provider == "postmark" else 400, *[400] * (len(forged) - 2)]
    assert not Suppression.objects.exists()
    settings.MAIL_PROVIDER = "smtp"
    assert post(site, REPORTS[provider][0]) == 404


ANSWERS = {
    "ana": (200, {"ErrorCode": 0, "Message": "OK", "MessageID": "b7bc2f4a"}),
    "bob": (422, {"ErrorCode": 300, "Message": "Invalid 'To' address: 'bob@lumen.example'."}),
    "carl": (429, {"ErrorCode": 429, "Message": "Slow down"}),
    "dan": (500, {"ErrorCode": 500, "Message": "Something broke"}),
}


@pytest.fixture
def provider_api() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Postmark as it is published: its address, and what it was asked."""
    asked: list[dict[str, Any]] = []

    class Postmark(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.extend(body if isinstance(body, list) else [body])
            to = asked[-1]["To"]
            status, answer = ANSWERS[to.partition("@")[0]]
            content = json.dumps({**answer, "To": to}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Postmark) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", asked
        server.shutdown()
        thread.join()


def test_what_the_providers_api_answers_decides_the_rest(
    schedule: Schedule, settings: Any, provider_api: tuple[str, list[dict[str, Any]]]
) -> None:
    address, asked = provider_api
    use(settings, "postmark", POSTMARK_API_URL=address)
    ana = schedule.recipients.get(email="ana@lumen.example")
    Recipient.objects.create(schedule=schedule, email="carl@lumen.example", language="fr", copy_of=ana)
    Recipient.objects.create(schedule=schedule, email="dan@lumen.example", language="fr")
    run = scheduling.open_run(schedule, WEEK)
    worker.work_off()
    rows = {row.recipient.email.partition("@")[0]: row for row in run.deliveries.select_related("recipient")}
    assert {name: row.state for name, row in rows.items()} == {
        "ana": State.SENT, "bob": State.FAILED, "carl": State.DEFERRED, "dan": State.UNKNOWN,
    }  # fmt: skip
    assert rows["ana"].provider_id == "b7bc2f4a"
    assert "Invalid 'To' address" in rows["bob"].error
    first = next(message for message in asked if message["To"] == "ana@lumen.example")
    assert not first.get("Cc")  # the provider would send to whom it names
    assert first["Metadata"] == {"message_id": rows["ana"].message_id}

    settings.ANYMAIL = {**settings.ANYMAIL, "POSTMARK_API_URL": "http://127.0.0.1:9/"}
    away = rows["dan"]
    Delivery.objects.filter(pk=away.pk).update(state=State.QUEUED)
    from reports import delivery as delivering

    away.refresh_from_db()
    with pytest.raises(delivering.Deferred, match="cannot be reached"):
        delivering.deliver(schedule.client, away)
