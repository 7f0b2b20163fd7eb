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

from accounts.models import Agency, Client, Credential, Role, User
from accounts.services import add_member, create_client, keep_credential
from accounts.tenancy import inside
from campaigns.models import Connection
from campaigns.simulators.google_ads import CUSTOMER
from reports.models import Schedule
from reports.scheduling import create_weekly

CLIENT_SLUG = "maison-lumen"
SOURCE = "google_ads"
OWNER = "owner@atelier-nord.example"
VIEWER = "marketing@maison-lumen.example"


@dataclass(frozen=True)
class Cast:
    client: Client
    source: Connection
    schedule: Schedule
    password: str


def settle(folder: Path, secret: Mapping[str, str]) -> Cast:
    """Create the agency, its client, people, connection and schedule, or find those of an earlier run."""
    password = _password(folder)
    with transaction.atomic():
        agency, _ = Agency.objects.get_or_create(slug="atelier-nord", defaults={"name": "Atelier Nord"})
        client = Client.objects.filter(slug=CLIENT_SLUG).first() or create_client(
            CLIENT_SLUG, name="Maison Lumen", currency="EUR", timezone="Europe/Paris", language="fr", agency=agency
        )
        add_member(_person(OWNER, "Camille Demo", password), Role.OWNER, agency=agency)
        add_member(_person(VIEWER, "Dominique Demo", password), Role.VIEWER, client=client)
        source = _connect(agency, client, secret)
        schedule = client.schedules.first() or create_weekly(client, {VIEWER: "fr", OWNER: "en"}, local_time=time(8, 0))
    return Cast(client, source, schedule, password)


def write_csv(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Write rows as a file in the import format; their keys are the columns."""
    lines = list(rows)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    return path


def _connect(agency: Agency, client: Client, secret: Mapping[str, str]) -> Connection:
    credential = Credential.objects.filter(agency=agency, platform=SOURCE).first()
    if credential is None:
        credential = keep_credential(SOURCE, dict(secret), agency=agency)
    with inside(client):
        source, _ = Connection.objects.update_or_create(
            source=SOURCE,
            account=CUSTOMER,
            defaults={
                "name": client.name,
                "currency": client.currency,
                "timezone": client.timezone,
                "credential_id": credential.pk,
                "state": Connection.State.ACTIVE,
            },
        )
    return source


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


def first_day(until: date, days: int) -> date:
    return date.fromordinal(until.toordinal() - days + 1)


def first_run(folder: Path, today: date) -> date:
    """The day the demo first ran: the story is told around it, so that a later run continues it."""
    path = folder / "first-run"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(today.isoformat())
    return date.fromisoformat(path.read_text())
