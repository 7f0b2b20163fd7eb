"""Whose name and colours a page wears: the client's agency, else the host's, else our own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.http import HttpRequest

from accounts import hosts
from accounts.models import Agency, Client, Organisation, User, agency_of

PRODUCT = "Vigie"


@dataclass(frozen=True)
class Brand:
    """A name and two colours as `#rrggbb`."""

    name: str = PRODUCT
    primary: str = "#1f4e5f"
    accent: str = "#e08e45"
    reply_to: str = ""


def of_agency(agency: Agency | None) -> Brand:
    if agency is None:
        return Brand()
    return Brand(agency.name, agency.primary_colour, agency.accent_colour, agency.reply_to)


def of_organisation(organisation: Organisation) -> Brand:
    return of_agency(agency_of(organisation))


def of_person(user: User) -> Brand:
    """That of the one agency whose people or clients somebody belongs to; our own where there are several, or none."""
    one = Q(memberships__user=user) | Q(clients__memberships__user=user)
    agencies = list(Agency.objects.filter(one).distinct()[:2])
    return of_agency(agencies[0]) if len(agencies) == 1 else Brand()


def met_by(request: HttpRequest, person: object) -> Brand:
    """What a person, or nobody known, meets in what is of no organisation: the host's brand, else that of the person's agency."""
    agency = hosts.host_agency(request)
    return of_person(person) if agency is None and isinstance(person, User) else of_agency(agency)


def context(request: HttpRequest) -> dict[str, Any]:
    """Template context: `brand`; behind the gate, `organisation`, `permissions`, and the `client` or the `agency` it is."""
    client: Client | None = getattr(request, "client", None)
    agency: Agency | None = getattr(request, "agency", None)
    organisation = client or agency
    return {
        "brand": of_organisation(organisation) if organisation else met_by(request, getattr(request, "user", None)),
        "client": client,
        "agency": agency,
        "organisation": organisation,
        "permissions": getattr(request, "permissions", frozenset()),
    }
