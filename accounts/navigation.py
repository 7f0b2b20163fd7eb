"""Where the pages of an organisation are, and which of them a person is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from accounts import access
from accounts.models import AGENCY_ROLES, Agency, Client, Organisation

AGENCY_PREFIX = "agency_"


@dataclass(frozen=True)
class Entry:
    """A line of the navigation: its text, the permission to open it, the names of its page and of the pages below it."""

    title: str
    permission: str
    page: str
    below: tuple[str, ...] = ()


SHARED: tuple[Entry, ...] = (Entry(_("Team"), "team.view", "team", ("team_invite", "team_leave", "member", "member_remove")),)
CLIENT_ENTRIES = (
    Entry(_("Overview"), "client.view", "overview"),
    Entry(_("Reports"), "client.view", "report_list"),
    *SHARED,
)
AGENCY_ENTRIES: tuple[Entry, ...] = (*SHARED,)


@dataclass(frozen=True)
class Shown:
    title: str
    url: str
    is_current: bool


def address(organisation: Organisation, page: str, *args: Any) -> str:
    """The address of `page`, whose URL name an agency's has a prefix before."""
    name = AGENCY_PREFIX + page if isinstance(organisation, Agency) else page
    return reverse(name, args=[organisation.slug, *args])


def landing(organisation: Organisation) -> str:
    """Where an organisation's people arrive."""
    return address(organisation, "team" if isinstance(organisation, Agency) else "overview")


def entries(organisation: Organisation, permissions: frozenset[str], page: str) -> list[Shown]:
    """What those with `permissions` are shown on the page called `page`."""
    table = AGENCY_ENTRIES if isinstance(organisation, Agency) else CLIENT_ENTRIES
    page = page.removeprefix(AGENCY_PREFIX)
    return [
        Shown(gettext(entry.title), address(organisation, entry.page), page == entry.page or page in entry.below)
        for entry in table
        if entry.permission in permissions
    ]


def context(request: HttpRequest) -> dict[str, Any]:
    """Template context: `navigation`, the lines of the organisation at hand, and `agency_above`, whose people see its client."""
    organisation: Organisation | None = getattr(request, "organisation", None)
    if organisation is None:
        return {}
    page = request.resolver_match.url_name if request.resolver_match else None
    permissions: frozenset[str] = getattr(request, "permissions", frozenset())
    return {"navigation": entries(organisation, permissions, page or ""), "agency_above": _agency_above(organisation)}


def _agency_above(organisation: Organisation) -> Agency | None:
    works_there = isinstance(organisation, Client) and access.roles_in(organisation) & AGENCY_ROLES
    return organisation.agency if isinstance(organisation, Client) and works_there else None
