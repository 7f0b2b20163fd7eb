"""Accounts that are connected, found again, read, left: each change in one transaction, with its line in the record."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager
from urllib.parse import urljoin

import httpx
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import attempts, audit, services, vault
from accounts.attempts import Begun
from accounts.audit import Actor
from accounts.models import Agency, Client, Credential, OAuthAttempt, Organisation, User, owner_fields
from accounts.models.organisations import currencies_in_use, time_zones
from campaigns import dirty, pulls, signals, standing, systems
from campaigns.connectors import connector_for, oauth
from campaigns.connectors.base import Account, Connector, LostAccess
from campaigns.connectors.http import Http
from campaigns.consents import StoredGrant
from campaigns.models import Connection, ConversionAction, LoadedSpan, Pull
from campaigns.standings import telling
from campaigns.writer import be_the_only_writer
from jobs import queue

RESUME = "campaigns.resume"
# What a platform gives to an installation; Google asks for one more than the others.
OWN_KEYS = ("client_id", "client_secret", "developer_token")
# A person waits for these answers: one more try, and not for long.
PATIENCE = httpx.Timeout(20.0, connect=5.0)
TRIES = 2
Effect = Callable[[], AbstractContextManager[None]]


def is_ready(source: str) -> bool:
    """Whether this installation has keys of its own at the platform, without which nobody can be asked for consent."""
    ours = settings.PLATFORMS.get(source, {})
    return bool(ours) and all(ours[name] for name in OWN_KEYS if name in ours)


def redirect_uri() -> str:
    """The one address to which every platform sends people back; it is registered there."""
    return urljoin(settings.SITE_URL, reverse("oauth_callback"))


def consent_address(begun: Begun) -> str:
    """Where the person is asked."""
    platform = begun.attempt.platform
    consent = connector_for(platform).consent
    return oauth.authorize_url(consent, settings.PLATFORMS[platform], redirect_uri(), begun.state, begun.verifier)


def take_consent(attempt: OAuthAttempt, user: User, by: Actor) -> Credential:
    """Exchange the platform's answer, once, and keep what it gives.

    Raises `attempts.Unusable`, and what a connector raises. A consent that is dead is replaced in its place: whatever other
    accounts and clients are read with it go on.
    """
    answer = attempts.use(attempt, user)
    connector, ours = connector_for(attempt.platform), settings.PLATFORMS[attempt.platform]
    with _http() as http:
        dead = attempt.renews if attempt.renews and _is_dead(attempt.renews, connector, http) else None
        given = oauth.exchange(ours, connector.consent, answer.code, redirect_uri(), answer.verifier, http)
        secret = connector.secret_from(ours, given, http)
    owner: Organisation = attempt.client.agency if attempt.for_agency and attempt.client.agency else attempt.client
    with transaction.atomic():
        if dead is not None and dead.organisation == owner:
            credential = Credential.objects.select_for_update().get(pk=dead.pk)
            credential.sealed, credential.label = vault.seal(secret), user.email[:100]
            credential.save(update_fields=["sealed", "label", "updated_at"])
            _resume_everywhere(credential)
        else:
            credential = services.keep_credential(attempt.platform, secret, label=user.email[:100], **owner_fields(owner))
        OAuthAttempt.objects.filter(pk=attempt.pk).update(credential=credential)
        audit.record("consent.given", by, organisation=owner, platform=connector.title)
    return credential


def usable_consents(client: Client, *, of_agency: bool) -> list[Credential]:
    """The consents with which accounts of this client may be read: its own, and to people of its agency, the agency's."""
    owned = Credential.objects.filter(client=client)
    if of_agency and client.agency_id:
        owned |= Credential.objects.filter(agency_id=client.agency_id)
    return list(owned.select_related("agency", "client").order_by("platform", "-updated_at"))


def reachable(credential: Credential) -> list[Account]:
    """The accounts that a consent reaches, by name. Raises what a connector raises."""
    connector = connector_for(credential.platform)
    with _http() as http:
        accounts = connector.accounts(settings.PLATFORMS[credential.platform], StoredGrant(credential.pk), http)
    return sorted(accounts, key=lambda account: (account.name.casefold(), account.external_id))


def connect(client: Client, credential: Credential, account: Account, by: Actor) -> Connection:
    """Read `account` with `credential` from now on. The account that was connected before, or that files named, is found again.

    Raises `ValidationError` where its figures are in another currency than those that are here.
    """
    found = _described(client, account)
    with transaction.atomic():
        source, is_new = Connection.objects.select_for_update().get_or_create(
            source=credential.platform, account=account.external_id, defaults={**found, "credential_id": credential.pk}
        )
        if not is_new:
            _find_again(source, found, credential)
        verb = "connection.made" if is_new else "connection.found_again"
        audit.record(verb, by, organisation=client, **_called(source))
        telling.tell(client, source.pk)
        pulls.schedule(client, source, asked_at=timezone.now())
    return source


def disconnect(client: Client, source: Connection, by: Actor) -> None:
    """Read the account no more; its figures and the consent stay."""
    with transaction.atomic():
        if (
            Connection.objects.filter(pk=source.pk)
            .exclude(state=Connection.State.DISCONNECTED)
            .update(state=Connection.State.DISCONNECTED, problem="")
        ):
            telling.tell(client, source.pk)
            audit.record("connection.left", by, organisation=client, **_called(source))


def resume(client: Client, source: Connection, by: Actor) -> None:
    """Read an account again that was disconnected, with the consent it had."""
    with transaction.atomic():
        if Connection.objects.filter(pk=source.pk, state=Connection.State.DISCONNECTED).update(state=Connection.State.ACTIVE, problem=""):
            telling.tell(client, source.pk)
            audit.record("connection.resumed", by, organisation=client, **_called(source))
            pulls.schedule(client, source, asked_at=timezone.now())


def resume_all(client: Client, credential_id: int, effect: Effect) -> None:
    """Read every account again that is read with a consent which was given anew."""
    with effect():
        for source in Connection.objects.filter(credential_id=credential_id).exclude(state=Connection.State.DISCONNECTED):
            pulls.schedule(client, source, asked_at=timezone.now())


def decide(client: Client, pull: Pull, *, take: bool, by: Actor) -> None:
    """What becomes of a doubtful answer: it is read again and stored, or what was stored before stays. Once."""
    state = Pull.State.ACCEPTED if take else Pull.State.IGNORED
    source = pull.connection
    with transaction.atomic():
        if not Pull.objects.filter(pk=pull.pk, state=Pull.State.SUSPECT).update(state=state):
            return
        standing.settle(client, source)
        words = _called(source) | {"since": pull.since.isoformat(), "until": pull.until.isoformat()}
        if take:
            audit.record("connection.loss_taken", by, organisation=client, **words)
            pulls.schedule(client, source)
        else:
            audit.record("connection.loss_ignored", by, organisation=client, **words)


def choose_conversions(client: Client, source: Connection, counted: Collection[str], by: Actor) -> bool:
    """Say which of an account's conversion actions count; whether that changed anything."""
    with transaction.atomic():
        be_the_only_writer(client)
        changed = [
            action
            for action in ConversionAction.objects.filter(connection=source)
            if counts(action) != (action.action in counted) and _set_counts(action, action.action in counted)
        ]
        if not changed:
            return False
        chosen = sorted(action.name for action in ConversionAction.objects.filter(connection=source) if counts(action))
        audit.record("connection.conversions_chosen", by, organisation=client, **_called(source), names=chosen)
        _tell(client, dirty.mark_family("ads"))
    return True


def counts(action: ConversionAction) -> bool:
    """The client's choice; until one is made, the platform's."""
    return action.counts_there if action.counts is None else action.counts


def choose_system(client: Client, subject: str, source: str, by: Actor) -> bool:
    """Say whose word counts for leads, customers or revenue; whether that is another than before."""
    if source not in systems.candidates(subject):
        raise ValidationError({subject: _("Nothing is told about this by that source.")})
    with transaction.atomic():
        be_the_only_writer(client)
        if systems.in_force()[subject] == source:
            return False
        audit.record("system_of_record.chosen", by, organisation=client, subject=subject, source=title(source))
        _tell(client, systems.choose(subject, source))
    return True


# Those that are known by files alone.
_BY_FILE = {
    "microsoft_ads": "Microsoft Advertising",
    "meta_ads": "Meta Ads",
    "facebook_ads": "Meta Ads",
    "linkedin_ads": "LinkedIn Ads",
    "tiktok_ads": "TikTok Ads",
}


def title(source: str) -> str:
    """A platform's name as people know it."""
    try:
        return connector_for(source).title
    except LookupError:
        return _("Files") if source == "file" else _BY_FILE.get(source, source.replace("_", " ").title())


def _set_counts(action: ConversionAction, wanted: bool) -> bool:
    return bool(ConversionAction.objects.filter(pk=action.pk).update(counts=wanted))


def _tell(client: Client, moved: set[str]) -> None:
    if moved:
        signals.days_changed.send(sender=None, client=client, families=moved)


def _http() -> Http:
    return Http(httpx.Client(timeout=PATIENCE), attempts=TRIES)


def _is_dead(credential: Credential, connector: type[Connector], http: Http) -> bool:
    try:
        connector.accounts(settings.PLATFORMS[credential.platform], StoredGrant(credential.pk), http)
    except LostAccess:
        return True
    return False


def _resume_everywhere(credential: Credential) -> None:
    """A consent of an agency may serve each of its clients, whose accounts only the client's own schema names."""
    clients: Iterable[Client] = [credential.client] if credential.client else _clients_of(credential.agency)
    for client in clients:
        queue.enqueue(RESUME, client_id=client.pk, key=str(credential.pk), arguments={"credential_id": credential.pk})


def _clients_of(agency: Agency | None) -> Iterable[Client]:
    return agency.clients.all() if agency else ()


def _described(client: Client, account: Account) -> dict[str, str]:
    """What is kept of an account; of what the platform has none of, or in no form we know, the client's."""
    return {
        "name": account.name[:200],
        "currency": account.currency if account.currency in currencies_in_use() else client.currency,
        "timezone": account.timezone if account.timezone in time_zones() else client.timezone,
        "manager_id": account.manager_id,
    }


def _find_again(source: Connection, found: dict[str, str], credential: Credential) -> None:
    """Keep the account's history, whoever told it; days that files told stay theirs."""
    if source.currency != found["currency"] and Pull.objects.filter(connection=source).exists():
        told = {"name": found["name"], "now": found["currency"], "before": source.currency}
        raise ValidationError(_("%(name)s is in %(now)s, but its figures here are in %(before)s. It was not connected.") % told)
    if source.credential_id is None:
        source.files_until = LoadedSpan.objects.filter(connection=source).aggregate(last=Max("until"))["last"]
    for field, value in found.items():
        setattr(source, field, value)
    source.credential_id = credential.pk
    source.state, source.problem = Connection.State.ACTIVE, ""
    source.save()


def _called(source: Connection) -> dict[str, str]:
    """What the record calls an account."""
    return {"platform": title(source.source), "account": source.name or source.account}
