"""Whose name and colours a page wears: the client's agency, else the host's, else our own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.http import HttpRequest

from accounts import hosts
from accounts.models import Agency, Client, User

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


def of_client(client: Client) -> Brand:
    return of_agency(client.agency)


def of_person(user: User) -> Brand:
    """That of the one agency whose people or clients somebody belongs to; our own where there are several, or none."""
    one = Q(memberships__user=user) | Q(clients__memberships__user=user)
    agencies = list(Agency.objects.filter(one).distinct()[:2])
    return of_agency(agencies[0]) if len(agencies) == 1 else Brand()


def _of_request(request: HttpRequest, agency: Agency | None) -> Brand:
    """On pages that are of no organisation, the host's brand, else that of the person's agency."""
    agency = agency or hosts.host_agency(request)
    user = getattr(request, "user", None)
    return of_person(user) if agency is None and isinstance(user, User) else of_agency(agency)


def context(request: HttpRequest) -> dict[str, Any]:
    """Template context: `brand`; behind the gate, `organisation`, `permissions`, and the `client` or the `agency` it is."""
    client: Client | None = getattr(request, "client", None)
    agency: Agency | None = getattr(request, "agency", None)
    return {
        "brand": of_client(client) if client else _of_request(request, agency),
        "client": client,
        "agency": agency,
        "organisation": client or agency,
        "permissions": getattr(request, "permissions", frozenset()),
    }
