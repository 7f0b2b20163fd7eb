"""Whose name, logo and colours a page, a mail and a report wear: the client's agency, else the host's, else our own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse

from accounts import colours, hosts
from accounts.models import Agency, Client, Logo, Organisation, User, agency_of
from accounts.pictures import Picture

PRODUCT = "Vigie"


@dataclass(frozen=True)
class Brand:
    """A name, two colours as `#rrggbb`, and how its mails are signed."""

    name: str = PRODUCT
    primary: str = "#1f4e5f"
    accent: str = "#e08e45"
    reply_to: str = ""
    # Of the `From` header; "" for the brand's name and the service's address.
    sender_name: str = ""
    sender_address: str = ""
    # The company's address and the like, at the end of mails and reports; may have several lines.
    footer: str = ""
    # By which `picture` finds the logo; "" where there is none. In pixels: how large it is.
    logo: str = ""
    logo_width: int = 0
    logo_height: int = 0
    origin: str = ""

    @property
    def logo_path(self) -> str:
        """Where the logo is served on every host that shows it; "" where there is none."""
        return reverse("logo", args=[self.logo]) if self.logo else ""

    @property
    def logo_url(self) -> str:
        """The same for a mail, which is read elsewhere."""
        return f"{self.origin}{self.logo_path}" if self.logo else ""

    @property
    def page_colours(self) -> dict[str, str]:
        return colours.on_page(self.primary)


def of_agency(agency: Agency | None) -> Brand:
    if agency is None:
        return Brand(origin=hosts.origin(None))
    return Brand(
        name=agency.name,
        primary=agency.primary_colour,
        accent=agency.accent_colour,
        # Answers find the agency even while its address may not be used to send.
        reply_to=agency.reply_to or agency.sender_address,
        sender_name=agency.sender_name,
        sender_address=agency.sender_address if may_send_as(agency) else "",
        footer=agency.footer,
        logo=agency.logo_digest,
        logo_width=agency.logo_width,
        logo_height=agency.logo_height,
        origin=hosts.origin(agency),
    )


def may_send_as(agency: Agency) -> bool:
    """Whether the operator lets this agency's mails leave from its own address."""
    domain = agency.sender_address.rpartition("@")[2].lower()
    return bool(domain) and domain in settings.SENDER_DOMAINS.get(agency.slug, ())


def picture(brand: Brand) -> Picture | None:
    """The logo itself, for what carries it along: the cover of a PDF, the picture in a mail."""
    kept = Logo.objects.filter(digest=brand.logo).first() if brand.logo else None
    return Picture(bytes(kept.content), kept.width, kept.height) if kept else None


def of_organisation(organisation: Organisation) -> Brand:
    return of_agency(agency_of(organisation))


def of_person(user: User) -> Brand:
    """That of the one agency whose people or clients somebody belongs to; our own where there are several, or none."""
    one = Q(memberships__user=user) | Q(clients__memberships__user=user)
    agencies = list(Agency.objects.filter(one).distinct()[:2])
    return of_agency(agencies[0]) if len(agencies) == 1 else of_agency(None)


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
