"""Every permission is a row of this table; it drives the checks and their tests."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from django.utils.translation import gettext_noop as _

from accounts.models import AGENCY_ROLES, Agency, Organisation, Role, Scope

PEOPLE = frozenset(Role)
PROGRAMS = frozenset(Scope)


@dataclass(frozen=True)
class Allowed:
    """Who may, towards a client company and towards an agency itself. A token's scope counts as a role."""

    to_client: frozenset[str] = frozenset()
    to_agency: frozenset[str] = frozenset()


PERMISSIONS: dict[str, Allowed] = {
    "client.view": Allowed(PEOPLE | PROGRAMS),
    "report.download": Allowed(PEOPLE | PROGRAMS),
    # Its names, language and address.
    "client.change": Allowed(frozenset({Role.OWNER, Role.MANAGER, Role.ADMIN})),
    # Everything of it in one file; closing it, reopening it.
    "client.export": Allowed(frozenset({Role.OWNER, Role.ADMIN})),
    "client.close": Allowed(frozenset({Role.OWNER, Role.ADMIN})),
    # Which accounts its figures are read from; connecting, reading again, disconnecting them, and what of them counts.
    "connection.view": Allowed(frozenset({Role.OWNER, Role.MANAGER, Role.ANALYST, Role.ADMIN})),
    "connection.manage": Allowed(frozenset({Role.OWNER, Role.MANAGER, Role.ADMIN})),
    # Which files were imported and what became of them; importing others, and taking that back.
    "import.view": Allowed(frozenset({Role.OWNER, Role.MANAGER, Role.ANALYST, Role.ADMIN, Scope.WRITE})),
    "import.manage": Allowed(frozenset({Role.OWNER, Role.MANAGER, Role.ADMIN, Scope.WRITE})),
    # Which channel and which campaign things belong to; saying so.
    "mapping.view": Allowed(frozenset({Role.OWNER, Role.MANAGER, Role.ANALYST, Role.ADMIN})),
    "mapping.manage": Allowed(frozenset({Role.OWNER, Role.MANAGER, Role.ADMIN})),
    # Telling people apart who were taken for one; erasing somebody.
    "people.manage": Allowed(frozenset({Role.OWNER, Role.ADMIN})),
    # How its figures are made: when a lead is qualified, what counts, the margin; and who decided that.
    "choice.view": Allowed(frozenset({Role.OWNER, Role.MANAGER, Role.ANALYST, Role.ADMIN, Scope.WRITE})),
    "choice.manage": Allowed(frozenset({Role.OWNER, Role.MANAGER, Role.ADMIN, Scope.WRITE})),
    # What is aimed at and may be spent, month by month; everybody who sees the figures sees it.
    "target.manage": Allowed(frozenset({Role.OWNER, Role.MANAGER, Role.ADMIN, Scope.WRITE})),
    # What people write for the readers of its reports.
    "note.view": Allowed(frozenset({Role.OWNER, Role.MANAGER, Role.ANALYST, Role.ADMIN, Scope.WRITE})),
    "note.manage": Allowed(frozenset({Role.OWNER, Role.MANAGER, Role.ADMIN, Scope.WRITE})),
    # What happened on its days; asking about a figure, and answering that.
    "annotation.manage": Allowed(frozenset({Role.OWNER, Role.MANAGER, Role.ADMIN, Scope.WRITE})),
    "question.ask": Allowed(PEOPLE),
    "question.answer": Allowed(frozenset({Role.OWNER, Role.MANAGER, Role.ADMIN})),
    # Links to its reports, who opened them, and addresses that are not written to any more; making, revoking and lifting those.
    "delivery.view": Allowed(frozenset({Role.OWNER, Role.MANAGER, Role.ANALYST, Role.ADMIN, Scope.WRITE})),
    "delivery.manage": Allowed(frozenset({Role.OWNER, Role.MANAGER, Role.ADMIN, Scope.WRITE})),
    # When its reports are due, and who gets them; and deciding that one leaves: approving it, sending it now or again.
    "schedule.view": Allowed(frozenset({Role.OWNER, Role.MANAGER, Role.ANALYST, Role.ADMIN, Scope.WRITE})),
    "schedule.manage": Allowed(frozenset({Role.OWNER, Role.MANAGER, Role.ADMIN, Scope.WRITE})),
    "report.send": Allowed(frozenset({Role.OWNER, Role.MANAGER, Role.ADMIN, Scope.WRITE})),
    "agency.view": Allowed(to_agency=AGENCY_ROLES),
    "agency.change": Allowed(to_agency=frozenset({Role.OWNER})),
    "client.create": Allowed(to_agency=frozenset({Role.OWNER})),
    # Which of its clients are called what, to find them by.
    "label.manage": Allowed(to_agency=frozenset({Role.OWNER, Role.MANAGER})),
    # Looking at a client's pages as its own people see them: never more than one sees oneself.
    "client.view_as": Allowed(AGENCY_ROLES),
    "team.view": Allowed(
        frozenset({Role.OWNER, Role.MANAGER, Role.ANALYST, Role.ADMIN}), frozenset({Role.OWNER, Role.MANAGER, Role.ANALYST})
    ),
    # Invite, change roles, assign clients, remove; never above what one may do oneself (`may_grant`).
    "team.manage": Allowed(frozenset({Role.OWNER, Role.MANAGER, Role.ADMIN}), frozenset({Role.OWNER})),
    # Of those who belong to it; everyone has it, so that it raises no role above another.
    "team.leave": Allowed(PEOPLE, AGENCY_ROLES),
    "token.manage": Allowed(frozenset({Role.OWNER, Role.ADMIN}), frozenset({Role.OWNER})),
    "audit.view": Allowed(frozenset({Role.OWNER, Role.ADMIN}), frozenset({Role.OWNER})),
    # Which programs are told what happens, and what signs that.
    "webhook.manage": Allowed(frozenset({Role.OWNER, Role.ADMIN}), frozenset({Role.OWNER})),
}
# A client that is closing is there for these only.
WHILE_CLOSING = frozenset({"client.close", "client.export"})

# What a role is for, for those who give it.
MEANINGS: dict[str, str] = {
    Role.OWNER: _("Everything: every client, the team, API tokens and settings."),
    Role.MANAGER: _("Sees and looks after the clients assigned to them: figures, settings, viewers."),
    Role.ANALYST: _("Sees the figures and reports of the clients assigned to them; sends and changes nothing."),
    Role.ADMIN: _("Everything in this company: figures, team, API tokens and settings."),
    Role.VIEWER: _("Sees the figures, asks about them and downloads the reports; changes nothing."),
}
# What a program's scope is for, for those who make its token.
SCOPE_MEANINGS: dict[str, str] = {
    Scope.READ: _("Reads figures, definitions and reports; changes nothing."),
    Scope.WRITE: _("Also imports files, decides how figures are made, writes notes, and looks after schedules, recipients and links."),
}


def permissions_of(roles: frozenset[str], organisation: Organisation) -> frozenset[str]:
    """Everything that one of the roles allows towards this organisation."""
    return _permissions_of(roles, to_agency=isinstance(organisation, Agency))


@cache
def _permissions_of(roles: frozenset[str], *, to_agency: bool) -> frozenset[str]:
    return frozenset(name for name, row in PERMISSIONS.items() if roles & (row.to_agency if to_agency else row.to_client))


def may_grant(mine: frozenset[str], role: str, organisation: Organisation) -> bool:
    """Whether holders of the permissions `mine` may give, change or take away a role: nobody gives more than they have."""
    return "team.manage" in mine and permissions_of(frozenset({role}), organisation) <= mine


def grantable(mine: frozenset[str], organisation: Organisation) -> list[Role]:
    """The roles of this organisation that holders of the permissions `mine` may give, the highest first."""
    return [role for role in Role if (role in AGENCY_ROLES) == isinstance(organisation, Agency) and may_grant(mine, role, organisation)]
