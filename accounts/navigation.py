"""Where the pages of an organisation are, and which of them a person is shown."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from accounts import access, hosts
from accounts.models import AGENCY_ROLES, Agency, Client, Organisation, User

AGENCY_PREFIX = "agency_"
# The parameters by which the pages of a client say which days they are of.
DAYS = ("period", "from", "to", "compare", "compare_from", "compare_to")
FIGURE = "figure"


@dataclass(frozen=True)
class Entry:
    """A line of the navigation: its text, the permission to open it, the names of its page and of the pages below it."""

    title: str
    permission: str
    page: str
    below: tuple[str, ...] = ()
    # Whether it begins a group of its own.
    is_apart: bool = False
    # Whether its figures are of the days that its address says.
    has_days: bool = False


# Who belongs to an organisation, what programs may do for it, and what was done: parts of its settings.
SHARED = (
    Entry(_("Team"), "team.view", "team", ("team_invite", "team_leave", "member", "member_remove")),
    Entry(_("API tokens"), "token.manage", "tokens", ("token_revoke",)),
    Entry(_("Webhooks"), "webhook.manage", "webhooks", ("webhook", "webhook_remove")),
    Entry(_("Activity"), "audit.view", "activity"),
)
# Pages of one matter, each a step beside the others: the first is the entry's own.
PARTS: dict[str, tuple[Entry, ...]] = {
    "report_list": (
        Entry(_("Sent and due"), "client.view", "report_list", ("report_run", "report_preview")),
        Entry(
            _("Schedules"),
            "schedule.view",
            "schedules",
            ("schedule", "schedule_new", "schedule_recipients", "schedule_remove", "schedule_restore"),
        ),
        Entry(_("Notes"), "note.view", "report_notes"),
        Entry(_("Links"), "delivery.view", "share_links"),
        Entry(_("Suppressed addresses"), "delivery.view", "suppressions"),
    ),
    "targets": (
        Entry(_("Targets"), "client.view", "targets"),
        Entry(_("Annotations"), "client.view", "annotations", ("annotation",)),
    ),
    "connections": (
        Entry(
            _("Accounts"),
            "connection.view",
            "connections",
            ("connection", "connection_new", "connection_return", "connection_accounts", "connection_disconnect"),
        ),
        Entry(_("Imports"), "import.view", "imports", ("import_file", "import_undo")),
        Entry(_("Channel rules"), "mapping.view", "mapping", ("mapping_rules",)),
        Entry(_("Campaign names"), "mapping.view", "mapping_campaigns", ("mapping_alias",)),
        Entry(_("People"), "people.manage", "people", ("person_apart", "person_erase")),
    ),
    "settings": (
        Entry(_("Names and language"), "client.change", "settings", ("client_close",)),
        Entry(_("How figures are made"), "choice.view", "settings_choices", ("settings_choice",)),
        Entry(_("Money and days"), "client.change", "settings_figures"),
        *SHARED,
    ),
}
AGENCY_PARTS: dict[str, tuple[Entry, ...]] = {
    "settings": (Entry(_("Name and brand"), "agency.change", "settings"), *SHARED),
}


def _below(parts: dict[str, tuple[Entry, ...]], page: str) -> tuple[str, ...]:
    """The names of all pages of one matter."""
    return tuple(name for part in parts[page] for name in (part.page, *part.below))


CLIENT_ENTRIES = (
    Entry(_("Overview"), "client.view", "overview", (FIGURE,), has_days=True),
    Entry(_("Channels"), "client.view", "channels", has_days=True),
    Entry(_("Campaigns"), "client.view", "campaigns", has_days=True),
    Entry(_("Funnel"), "client.view", "funnel", has_days=True),
    Entry(_("Customers"), "client.view", "customers", ("cohorts",), has_days=True),
    Entry(_("E-mail"), "client.view", "email", has_days=True),
    Entry(_("Site"), "client.view", "site", has_days=True),
    Entry(_("Social networks"), "client.view", "social", has_days=True),
    Entry(_("Reports"), "client.view", "report_list", _below(PARTS, "report_list"), is_apart=True),
    Entry(_("Targets"), "client.view", "targets", _below(PARTS, "targets")),
    Entry(_("Questions"), "question.ask", "questions", ("question", "question_ask")),
    Entry(_("Glossary"), "client.view", "glossary"),
    Entry(_("Connections"), "connection.view", "connections", _below(PARTS, "connections"), is_apart=True),
    Entry(_("Settings"), "client.change", "settings", _below(PARTS, "settings")),
)
AGENCY_ENTRIES = (
    Entry(_("Overview"), "agency.view", "overview", ("client_new", "client_file", "labels", "label", "label_remove")),
    Entry(_("Settings"), "agency.change", "settings", _below(AGENCY_PARTS, "settings")),
)


@dataclass(frozen=True)
class Shown:
    title: str
    url: str
    is_current: bool
    is_apart: bool = False


def address(organisation: Organisation, page: str, *args: Any) -> str:
    """The address of `page`, whose URL name an agency's has a prefix before."""
    name = AGENCY_PREFIX + page if isinstance(organisation, Agency) else page
    return reverse(name, args=[organisation.slug, *args])


def landing(organisation: Organisation) -> str:
    """Where an organisation's people arrive."""
    return address(organisation, "overview")


def same_page(client: Client, page: str) -> str:
    """Where somebody who goes from one client's `page` to another arrives: an agency's people on the same page, if they may."""
    every = (*(part for parts in PARTS.values() for part in parts), *CLIENT_ENTRIES)
    wanted = next((entry for entry in every if page == entry.page or page in entry.below), None)
    works_there = access.roles_in(client) & AGENCY_ROLES
    may = wanted is not None and works_there and wanted.permission in access.permissions_in(client)
    return address(client, wanted.page) if wanted and may else landing(client)


def entries(organisation: Organisation, permissions: frozenset[str], page: str, days: str = "") -> list[Shown]:
    """What those with `permissions` are shown on the page called `page`; `days`, a query, stay chosen from page to page."""
    table = AGENCY_ENTRIES if isinstance(organisation, Agency) else CLIENT_ENTRIES
    page = page.removeprefix(AGENCY_PREFIX)
    opened = ((entry, _opened(organisation, entry, permissions)) for entry in table)
    return [
        Shown(gettext(entry.title), _address(organisation, entry, first, days), page == entry.page or page in entry.below, entry.is_apart)
        for entry, first in opened
        if first
    ]


def _address(organisation: Organisation, entry: Entry, first: str, days: str) -> str:
    found = address(organisation, first)
    return f"{found}?{days}" if days and entry.has_days else found


def _opened(organisation: Organisation, entry: Entry, permissions: frozenset[str]) -> str:
    """The page that an entry opens: of a matter of several pages, the first that may be opened; "" where none may."""
    pages = _parts(organisation).get(entry.page, (entry,))
    return next((part.page for part in pages if part.permission in permissions), "")


def _parts(organisation: Organisation) -> dict[str, tuple[Entry, ...]]:
    return AGENCY_PARTS if isinstance(organisation, Agency) else PARTS


def parts(organisation: Organisation, permissions: frozenset[str], page: str) -> list[Shown]:
    """The pages of the matter of which the page called `page` is one; none where those with `permissions` have but one of them."""
    table = _parts(organisation)
    page = page.removeprefix(AGENCY_PREFIX)
    matter = next((group for name, group in table.items() if page in _below(table, name)), ())
    shown = [
        Shown(gettext(entry.title), address(organisation, entry.page), page == entry.page or page in entry.below)
        for entry in matter
        if entry.permission in permissions
    ]
    return shown if len(shown) > 1 else []


def days_of(query: QueryDict, page: str) -> str:
    """What the address of `page` says of its days and of those that they are compared with; "" where it has none."""
    if page != FIGURE and not any(entry.page == page and entry.has_days for entry in CLIENT_ENTRIES):
        return ""
    kept = QueryDict(mutable=True)
    for name in DAYS:
        if value := query.get(name):
            kept[name] = str(value)
    return kept.urlencode()


def context(request: HttpRequest) -> dict[str, Any]:
    """Template context for people: `navigation`, the lines of the organisation at hand; `parts`, the pages beside this one;
    `agency_above`, if they work in a client's agency; `may_switch`, whether there is another client to go to; `is_client`, whether the
    organisation at hand is one."""
    organisation: Organisation | None = getattr(request, "organisation", None)
    permissions: frozenset[str] = getattr(request, "permissions", frozenset())
    page = (request.resolver_match.url_name if request.resolver_match else None) or ""
    return {
        "navigation": entries(organisation, permissions, page, days_of(request.GET, page)) if organisation else [],
        "parts": parts(organisation, permissions, page) if organisation else [],
        "agency_above": _agency_above(organisation),
        "may_switch": partial(_may_switch, request, organisation),
        "is_client": isinstance(organisation, Client),
    }


def _agency_above(organisation: Organisation | None) -> Agency | None:
    if isinstance(organisation, Client) and access.roles_in(organisation) & AGENCY_ROLES:
        return organisation.agency
    return None


def _may_switch(request: HttpRequest, organisation: Organisation | None) -> bool:
    user = getattr(request, "user", None)
    if getattr(request, "is_viewed_as", False):
        return False
    if isinstance(organisation, Agency) or _agency_above(organisation):
        return True
    return isinstance(user, User) and hosts.served(request, access.clients_of(user))[:2].count() > 1
