"""Whose name and colours a page wears: the client's agency, else the host's, else our own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from accounts.models import Agency, Client

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


def context(request: HttpRequest) -> dict[str, Any]:
    """Template context: `brand`; behind the gate, `organisation`, `permissions`, and the `client` or the `agency` it is."""
    client: Client | None = getattr(request, "client", None)
    agency: Agency | None = getattr(request, "agency", None)
    return {
        "brand": of_agency(client.agency if client else agency or getattr(request, "host_agency", None)),
        "client": client,
        "agency": agency,
        "organisation": client or agency,
        "permissions": getattr(request, "permissions", frozenset()),
    }
