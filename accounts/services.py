"""Changes to accounts, each in one transaction."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction

from accounts import vault
from accounts.models import AGENCY_ROLES, Agency, Client, Credential, Membership, Role, User
from accounts.tenancy import outside, schemas


def create_client(slug: str, *, name: str, currency: str, timezone: str, language: str = "en", agency: Agency | None = None) -> Client:
    """Create a client company and its schema in one transaction. Raises `ValidationError` naming the field at fault."""
    with outside(), transaction.atomic():
        client_id = _next_client_id()
        client = Client(
            pk=client_id,
            schema_name=schemas.name_for(client_id),
            slug=slug,
            name=name,
            currency=currency,
            timezone=timezone,
            language=language,
            agency=agency,
        )
        client.full_clean()
        client.save(force_insert=True)
        schemas.create(client)
    return client


def add_member(user: User, role: Role, *, agency: Agency | None = None, client: Client | None = None) -> Membership:
    """Give a person a role: in `agency` (then `client`, if given, is assigned), else in the company `client`."""
    if role in AGENCY_ROLES:
        membership, _ = Membership.objects.update_or_create(user=user, agency=agency, client=None, defaults={"role": role})
        if client:
            membership.clients.add(client)
    else:
        membership, _ = Membership.objects.update_or_create(user=user, agency=None, client=client, defaults={"role": role})
    return membership


def keep_credential(
    platform: str, secret: dict[str, Any], *, agency: Agency | None = None, client: Client | None = None, label: str = ""
) -> Credential:
    """Store what a platform gave us, encrypted."""
    return Credential.objects.create(platform=platform, label=label, agency=agency, client=client, sealed=vault.seal(secret))


def _next_client_id() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('accounts_client', 'id'))")
        return int(cursor.fetchone()[0])
