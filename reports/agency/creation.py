"""New clients of an agency: a client with its schema, the first day of its weeks, its labels and its first contact, or nothing of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts import access, invitations
from accounts.audit import Actor
from accounts.labels import put_on
from accounts.models import Agency, Client, Role
from accounts.services import create_client
from accounts.tenancy import inside
from kpis import choices

# What services call what the form and the file call otherwise.
CALLED = {"email": "contact_email", "role": "contact_role"}


@dataclass(frozen=True)
class NewClient:
    """As it was asked for and found to be sound. `contact_email` "": nobody is invited."""

    name: str
    slug: str
    currency: str
    timezone: str
    language: str
    week_start: str = "monday"
    contact_email: str = ""
    contact_role: str = Role.VIEWER
    labels: tuple[str, ...] = ()


class Refused(Exception):
    """Of several, the one at `place` cannot be made; none was."""

    def __init__(self, place: int, error: ValidationError) -> None:
        super().__init__(str(error))
        self.place = place
        self.error = error


def create(agency: Agency, wanted: NewClient, by: Actor) -> Client:
    """Raises `ValidationError` naming the field at fault as `NewClient` does."""
    with transaction.atomic():
        client = create_client(
            wanted.slug,
            name=wanted.name,
            currency=wanted.currency,
            timezone=wanted.timezone,
            language=wanted.language,
            agency=agency,
            by=by,
        )
        with inside(client):
            choices.choose(client, "week_start", wanted.week_start, None, by)
        put_on(client, wanted.labels, by)
        if wanted.contact_email:
            _invite(client, wanted, by)
    return client


def create_all(agency: Agency, wanted: Sequence[NewClient], by: Actor) -> list[Client]:
    """All or none; raises `Refused`."""
    made = []
    with transaction.atomic():
        for place, one in enumerate(wanted):
            try:
                made.append(create(agency, one, by))
            except ValidationError as error:
                raise Refused(place, error) from None
    return made


def _invite(client: Client, wanted: NewClient, by: Actor) -> None:
    role = Role(wanted.contact_role)
    try:
        invitations.invite(wanted.contact_email, role, client, access.held(by.user, client), by, language=wanted.language)
    except ValidationError as error:
        if not hasattr(error, "error_dict"):
            raise
        raise ValidationError({CALLED.get(field, field): found for field, found in error.error_dict.items()}) from None
