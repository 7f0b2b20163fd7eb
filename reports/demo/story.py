"""Who and what the demo is about. Everyone here is invented."""

from __future__ import annotations

import csv
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import Any

from django.db import transaction

from accounts import services, vault
from accounts.audit import OPERATOR
from accounts.models import Agency, Client, Credential, Role, User
from accounts.services import add_member, create_client
from accounts.tenancy import inside
from campaigns import connections
from campaigns.connectors import sources
from campaigns.models import Connection
from campaigns.simulators.business import FERNHILL, HARBOR, MAISON_LUMEN, Business
from campaigns.simulators.server import Simulator
from reports import notes
from reports.archive.models import Note
from reports.models import Schedule
from reports.scheduling import create_weekly

OWNER = "owner@atelier-nord.example"
LANGUAGES = {MAISON_LUMEN.slug: "fr", FERNHILL.slug: "en", HARBOR.slug: "en"}

# By month: money in the client's currency.
AIMS = {
    MAISON_LUMEN.slug: {"revenue": "152000", "spend": "12500", "leads": "480", "cpl": "31"},
    FERNHILL.slug: {"revenue": "54000", "spend": "8400", "leads": "130", "cpl": "190"},
    HARBOR.slug: {"revenue": "118000", "spend": "30000", "leads": "430", "cpl": "98"},
}
NOTES = {
    "fr": (
        (Note.Kind.DONE, "Annonces de la campagne Marque réécrites ; deux mots-clés sans ventes arrêtés."),
        (Note.Kind.NEXT, "Test d’une page d’arrivée plus courte pour les suspensions."),
        (Note.Kind.NEEDED, "Votre accord sur le budget de décembre, avant vendredi."),
    ),
    "en": (
        (Note.Kind.DONE, "Rewrote the brand campaign’s ads; stopped two keywords that never sold."),
        (Note.Kind.NEXT, "A test of a shorter landing page for first orders."),
        (Note.Kind.NEEDED, "Your agreement on December’s budget, by Friday."),
    ),
}


@dataclass(frozen=True)
class Served:
    """One client company of the demo's agency, and whoever reads its report there."""

    client: Client
    viewer: str
    schedule: Schedule


@dataclass(frozen=True)
class Cast:
    agency: Agency
    served: list[Served]
    password: str


def settle(folder: Path) -> Cast:
    """Create the agency, its clients, people and schedules, or find those of an earlier run."""
    password = _password(folder)
    with transaction.atomic():
        agency, _ = Agency.objects.get_or_create(slug="atelier-nord", defaults={"name": "Atelier Nord"})
        add_member(_person(OWNER, "Camille Demo", password), Role.OWNER, agency=agency)
        served = [_serve(agency, business, password) for business in (MAISON_LUMEN, FERNHILL, HARBOR)]
    return Cast(agency, served, password)


def connect(client: Client, simulator: Simulator) -> list[Connection]:
    """Give the consent of this client's user of every platform, and connect all the accounts it reaches."""
    connected = []
    with inside(client):
        for source in sources():
            credential = _consent(client, source, simulator)
            known = {found.account: found for found in Connection.objects.filter(source=source)}
            for account in connections.reachable(credential):
                found = known.get(account.external_id) or connections.connect(client, credential, account, OPERATOR)
                connected.append(found)
    return connected


def targets(client: Client, since: date, until: date) -> list[dict[str, str]]:
    """What was agreed with the client for each month, in the columns of an imported targets file."""
    return [
        {"month": month, "kpi": kpi, "value": value, "currency": client.currency}
        for month in _months(since, until)
        for kpi, value in AIMS[client.slug].items()
    ]


def costs(client: Client, since: date, until: date) -> list[dict[str, str]]:
    """What marketing costs besides the ads, month by month, in the columns of an imported costs file."""
    return [
        {"month": month, "name": name, "amount": amount, "currency": client.currency}
        for month in _months(since, until)
        for name, amount in (("Agency fee", "1500.00"), ("Tools", "240.00"))
    ]


def _months(since: date, until: date) -> list[str]:
    return sorted({f"{date.fromordinal(day):%Y-%m}" for day in range(since.toordinal(), until.toordinal() + 1)})


def write_notes(client: Client, period: str) -> None:
    """What the agency tells the client beside the figures of a period, once. The client's schema is open."""
    if not Note.objects.filter(period=period).exists():
        for kind, text in NOTES[LANGUAGES[client.slug]]:
            notes.write(client, OPERATOR, kind=kind, period=period, text=text)


def write_csv(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Write rows as a file in the import format; their keys are the columns."""
    lines = list(rows)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    return path


def first_run(folder: Path, today: date) -> date:
    """The day the demo first ran: the story is told around it, so that a later run continues it."""
    path = folder / "first-run"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(today.isoformat())
    return date.fromisoformat(path.read_text())


def _serve(agency: Agency, business: Business, password: str) -> Served:
    language = LANGUAGES[business.slug]
    client = Client.objects.filter(slug=business.slug).first() or create_client(
        business.slug, name=business.name, currency=business.currency, timezone=business.zone, language=language, agency=agency
    )
    viewer = f"marketing@{business.domain}"
    add_member(_person(viewer, "Dominique Demo", password), Role.VIEWER, client=client)
    schedule = client.schedules.first() or create_weekly(client, {viewer: language, OWNER: "en"}, local_time=time(8, 0))
    return Served(client, viewer, schedule)


def _consent(client: Client, source: str, simulator: Simulator) -> Credential:
    """What an earlier run keeps is renewed: the stand-ins listen elsewhere every time."""
    secret = simulator.secret(source, client.slug)
    credential = Credential.objects.filter(client=client, platform=source).first()
    if credential is None:
        return services.keep_credential(source, secret, client=client)
    credential.sealed = vault.seal(secret)
    credential.save(update_fields=["sealed", "updated_at"])
    return credential


def _person(email: str, name: str, password: str) -> User:
    user = User.objects.filter(email=email).first() or User.objects.create_user(email, password, name=name)
    if not user.check_password(password):
        user.set_password(password)
        user.save(update_fields=["password"])
    return user


def _password(folder: Path) -> str:
    """One password for the demo's people, made once per installation."""
    path = folder / "password"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(9))
    return path.read_text()
