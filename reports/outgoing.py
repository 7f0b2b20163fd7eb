"""What happens is told to the programs of agencies and clients: signed, tried again, and logged.

An event is a row before it is sent, written in the transaction that made it true, and once for each endpoint. It names no
person and holds no secret: whoever wants to know more asks the API.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from accounts import access, audit, brand, hosts, mails, vault
from accounts.audit import SERVICE, Actor
from accounts.models import Client, Organisation, User, owner_fields
from accounts.navigation import address
from campaigns.connections import title
from campaigns.models import Connection
from jobs import queue
from reports import outside
from reports.models import Delivery, Endpoint, EndpointCall, Run

CALL, TELL = "reports.call_endpoint", "reports.tell_endpoint_off"
REPORT_SENT, REPORT_FAILED, PULL_FAILED, TEST = "report.sent", "report.failed", "pull.failed", "test"
EVENTS: dict[str, str] = {
    REPORT_SENT: _("A report was sent"),
    REPORT_FAILED: _("A report could not be prepared, or did not reach everybody"),
    PULL_FAILED: _("An account can no longer be read, or waits for a decision"),
}
# Seconds from one try to the next: the last is half a day after the first.
WAITS = (30, 120, 600, 3_600, 10_800, 21_600)
LONGEST_WAIT = 21_600
ATTEMPTS = len(WAITS) + 1
MOST_FAILURES = 5
MOST_ENDPOINTS = 10
KEPT = timedelta(days=30)
# For as long the secret before signs too, so that nobody has to change both sides at once.
OVERLAP = timedelta(hours=24)
GONE = 410
SWITCHED_OFF = _("It was switched off meanwhile.")
WAITING = (Delivery.State.QUEUED, Delivery.State.SENDING, Delivery.State.DEFERRED)


class Unreached(Exception):
    """The endpoint did not take the event this time; `seconds` until it is worth another try, None: never."""

    def __init__(self, message: str, seconds: float | None) -> None:
        super().__init__(message)
        self.seconds = seconds


# -- Endpoints


def of(organisation: Organisation) -> QuerySet[Endpoint]:
    return Endpoint.objects.filter(**owner_fields(organisation))


def make(organisation: Organisation, url: str, events: Iterable[str], by: Actor) -> tuple[Endpoint, str]:
    """A new endpoint and what signs its events, which is not told again. Raises `outside.Refused`."""
    outside.check(url)
    secret = _new_secret()
    with transaction.atomic():
        endpoint = Endpoint.objects.create(
            url=url, events=sorted(events), sealed=vault.seal({"secret": secret}), created_by=by.user, **owner_fields(organisation)
        )
        audit.record("webhook.made", by, organisation=organisation, host=host_of(endpoint), events=endpoint.events)
    return endpoint, secret


def change(endpoint: Endpoint, events: Iterable[str], by: Actor) -> None:
    """Tell it of other events from now on."""
    wanted = sorted(events)
    with transaction.atomic():
        if Endpoint.objects.filter(pk=endpoint.pk).exclude(events=wanted).update(events=wanted):
            audit.record("webhook.changed", by, organisation=endpoint.organisation, host=host_of(endpoint), events=wanted)


def rotate(endpoint: Endpoint, by: Actor) -> str:
    """A new secret; the one before signs beside it for `OVERLAP`."""
    secret = _new_secret()
    with transaction.atomic():
        kept = Endpoint.objects.select_for_update(of=("self",)).get(pk=endpoint.pk)
        before = vault.unsealed(bytes(kept.sealed))["secret"]
        until = (timezone.now() + OVERLAP).isoformat()
        Endpoint.objects.filter(pk=endpoint.pk).update(sealed=vault.seal({"secret": secret, "before": before, "until": until}))
        audit.record("webhook.secret_changed", by, organisation=endpoint.organisation, host=host_of(endpoint))
    return secret


def start(endpoint: Endpoint, by: Actor) -> None:
    """Tell an endpoint again that was switched off."""
    with transaction.atomic():
        if Endpoint.objects.filter(pk=endpoint.pk).exclude(disabled_at=None).update(disabled_at=None, failures=0):
            audit.record("webhook.started", by, organisation=endpoint.organisation, host=host_of(endpoint))


def remove(endpoint: Endpoint, by: Actor) -> None:
    with transaction.atomic():
        audit.record("webhook.removed", by, organisation=endpoint.organisation, host=host_of(endpoint))
        endpoint.delete()


def host_of(endpoint: Endpoint) -> str:
    """What to call it where others read: the rest of its address may be a secret of theirs."""
    return urlsplit(endpoint.url).hostname or ""


# -- Events


def test(endpoint: Endpoint) -> EndpointCall:
    """Send it an event that says nothing, also one that is switched off; while one is on its way, no other.

    Whoever holds a button down does not make us flood a server that may be somebody else's.
    """
    with transaction.atomic():
        Endpoint.objects.select_for_update(of=("self",)).get(pk=endpoint.pk)
        waiting = endpoint.calls.filter(event=TEST, state=EndpointCall.State.WAITING).first()
        if waiting:
            return waiting
        call = EndpointCall.objects.create(endpoint=endpoint, key=f"{TEST} {secrets.token_hex(8)}", event=TEST, payload={})
        _enqueue(call)
    return call


def report_ended(client: Client, run_id: int) -> None:
    """Tell of a run none of whose copies waits any more; of one that was told of before, nothing."""
    if not _endpoints(client).exists():
        return
    with transaction.atomic():
        # Of two copies that end at once, the later sees both.
        run = Run.objects.select_for_update(of=("self",)).select_related("schedule").filter(pk=run_id).first()
        if run is None:
            return
        copies = dict(run.deliveries.values_list("state").annotate(Count("pk")))
        if any(copies.get(state) for state in WAITING):
            return
        told = _report(client, run) | {"copies": copies}
        if copies.get(Delivery.State.SENT) or copies.get(Delivery.State.BOUNCED):
            tell(client, REPORT_SENT, f"{REPORT_SENT} {run.uid}", told)
        if copies.get(Delivery.State.FAILED) or copies.get(Delivery.State.UNKNOWN):
            tell(client, REPORT_FAILED, f"{REPORT_FAILED} {run.uid}", told | {"reason": "sending"})


def run_failed(run: Run) -> None:
    """Tell of a report that could not be prepared, in the caller's transaction."""
    client = run.schedule.client
    tell(client, REPORT_FAILED, f"{REPORT_FAILED} {run.uid}", _report(client, run) | {"reason": "preparing"})


def pull_failed(client: Client, source: Connection, reason: str) -> None:
    """Tell of an account that needs somebody, in the caller's transaction."""
    page = f"{hosts.origin(client.agency)}{reverse('connection', args=[client.slug, source.pk])}"
    connection = {"id": source.pk, "platform": source.source, "platform_name": title(source.source), "url": page}
    key = f"{PULL_FAILED} {client.pk} {source.pk} {timezone.now():%Y-%m-%dT%H:%M:%S.%f}"
    tell(client, PULL_FAILED, key, {"connection": connection, "reason": reason})


def tell(client: Client, event: str, key: str, told: dict[str, Any]) -> None:
    """Have every endpoint told that wants to know, once for each `key`."""
    payload = {"client": {"slug": client.slug, "name": client.name}, **told}
    for endpoint in _endpoints(client).filter(events__contains=[event]):
        call, is_new = EndpointCall.objects.get_or_create(
            endpoint=endpoint, key=key, defaults={"client": client, "event": event, "payload": payload}
        )
        if is_new:
            _enqueue(call)
            endpoint.calls.filter(created_at__lt=timezone.now() - KEPT).delete()


def _endpoints(client: Client) -> QuerySet[Endpoint]:
    owners = Q(client=client) | Q(agency=client.agency_id) if client.agency_id else Q(client=client)
    return Endpoint.objects.filter(owners, disabled_at=None)


def _report(client: Client, run: Run) -> dict[str, Any]:
    page = f"{hosts.origin(client.agency)}{reverse('report_run', args=[client.slug, run.pk])}"
    return {
        "report": {
            "id": run.pk,
            "period": run.period,
            "from": run.since.isoformat(),
            "to": run.until.isoformat(),
            "cadence": run.schedule.cadence,
            "url": page,
        }
    }


def _enqueue(call: EndpointCall) -> None:
    queue.enqueue(CALL, client_id=call.client_id, key=str(call.pk), arguments={"call_id": call.pk})


# -- Calls


def send(call: EndpointCall, effect: AbstractContextManager[None], attempt: int) -> None:
    """Send one event and note the answer. Raises `Unreached` where it was not taken.

    Whoever dies between the answer and its note sends it again, with the same id.
    """
    endpoint = call.endpoint
    if call.state != EndpointCall.State.WAITING:
        return
    if endpoint.disabled_at and call.event != TEST:
        with effect:
            EndpointCall.objects.filter(pk=call.pk).update(state=EndpointCall.State.FAILED, problem=SWITCHED_OFF)
        return
    body = json.dumps(message(call), ensure_ascii=False, separators=(",", ":")).encode()
    answer, problem, hopeless = _asked(endpoint.url, body, headers(call, body, timezone.now()))
    taken = answer is not None and answer.is_taken
    is_last = hopeless or attempt >= ATTEMPTS or call.event == TEST
    state = EndpointCall.State.TAKEN if taken else EndpointCall.State.FAILED if is_last else EndpointCall.State.WAITING
    with effect:
        EndpointCall.objects.filter(pk=call.pk).update(
            state=state, attempts=F("attempts") + 1, status=answer.status if answer else None, problem=problem, tried_at=timezone.now()
        )
        if taken:
            Endpoint.objects.filter(pk=endpoint.pk).exclude(failures=0).update(failures=0)
        elif is_last and call.event != TEST:
            _count_failure(endpoint, at_once=answer is not None and answer.status == GONE)
    if not taken and not is_last:
        raise Unreached(problem or f"answered {answer.status if answer else '?'}", _wait(attempt, answer))


def give_up(call_id: int) -> None:
    """The job of a call has failed for good without an answer of ours: a worker died each time."""
    waiting = EndpointCall.objects.filter(pk=call_id, state=EndpointCall.State.WAITING)
    call = waiting.select_related("endpoint").first()
    if call and waiting.update(state=EndpointCall.State.FAILED):
        _count_failure(call.endpoint, at_once=False)


def message(call: EndpointCall) -> dict[str, Any]:
    """The body of a call, before it is written."""
    return {"id": str(call.uid), "event": call.event, "created_at": call.created_at.isoformat(timespec="seconds"), **call.payload}


def headers(call: EndpointCall, body: bytes, now: datetime) -> dict[str, str]:
    stamp = str(int(now.timestamp()))
    return {
        "Content-Type": "application/json",
        "User-Agent": "Vigie-Webhooks/1",
        "Vigie-Event": call.event,
        "Vigie-Id": str(call.uid),
        "Vigie-Timestamp": stamp,
        "Vigie-Signature": ",".join(f"v1={signature(secret, stamp, body)}" for secret in _secrets(call.endpoint, now)),
    }


def signature(secret: str, stamp: str, body: bytes) -> str:
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _asked(url: str, body: bytes, own: dict[str, str]) -> tuple[outside.Answer | None, str, bool]:
    """The answer or why there is none, as a msgid; and whether trying again cannot help."""
    try:
        answer = outside.post(url, body, own)
    except outside.Unanswered as reason:
        return None, str(reason), False
    except outside.Refused as reason:
        return None, str(reason), True
    return answer, "", answer.status == GONE


def _wait(attempt: int, answer: outside.Answer | None) -> float:
    asked = answer.retry_after if answer and answer.retry_after else 0.0
    return max(float(WAITS[min(attempt, len(WAITS)) - 1]), min(asked, LONGEST_WAIT))


def _count_failure(endpoint: Endpoint, *, at_once: bool) -> None:
    Endpoint.objects.filter(pk=endpoint.pk).update(failures=F("failures") + 1)
    found = Endpoint.objects.filter(pk=endpoint.pk, disabled_at=None)
    if not at_once:
        found = found.filter(failures__gte=MOST_FAILURES)
    if found.update(disabled_at=timezone.now()):
        organisation = endpoint.organisation
        audit.record("webhook.stopped", SERVICE, organisation=organisation, host=host_of(endpoint))
        for person in _in_charge(organisation):
            arguments = {"endpoint_id": endpoint.pk, "user_id": person.pk}
            queue.enqueue(TELL, client_id=endpoint.client_id, key=f"{endpoint.pk}-{person.pk}", arguments=arguments)


def tell_off(endpoint: Endpoint, person: User) -> None:
    """Write to one person that it is told nothing more. Raises what the mail server says."""
    organisation = endpoint.organisation
    agency = organisation.agency if isinstance(organisation, Client) else organisation
    language = person.language or (organisation.language if isinstance(organisation, Client) else "en")
    url = f"{hosts.origin(agency)}{address(organisation, 'webhook', endpoint.pk)}"
    context: dict[str, object] = {"organisation": organisation.name, "host": host_of(endpoint), "url": url}
    mails.send("webhook_stopped", person.email, language=language, brand=brand.of_organisation(organisation), context=context)


def _in_charge(organisation: Organisation) -> list[User]:
    return list(access.holders(organisation, "webhook.manage"))


def _new_secret() -> str:
    return f"whsec_{secrets.token_urlsafe(32)}"


def _secrets(endpoint: Endpoint, now: datetime) -> list[str]:
    kept = vault.unsealed(bytes(endpoint.sealed))
    before = [kept["before"]] if "before" in kept and now < datetime.fromisoformat(kept["until"]) else []
    return [kept["secret"], *before]
