"""Every permission is a row of this table; it drives the checks and their tests."""

from __future__ import annotations

from dataclasses import dataclass

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
    "agency.view": Allowed(to_agency=AGENCY_ROLES),
    "agency.change": Allowed(to_agency=frozenset({Role.OWNER})),
    "client.create": Allowed(to_agency=frozenset({Role.OWNER})),
    "team.view": Allowed(
        frozenset({Role.OWNER, Role.MANAGER, Role.ANALYST, Role.ADMIN}), frozenset({Role.OWNER, Role.MANAGER, Role.ANALYST})
    ),
    # Invite, change roles, assign clients, remove; never above what one may do oneself (`may_grant`).
    "team.manage": Allowed(frozenset({Role.OWNER, Role.MANAGER, Role.ADMIN}), frozenset({Role.OWNER})),
    "token.manage": Allowed(frozenset({Role.OWNER, Role.ADMIN}), frozenset({Role.OWNER})),
    "audit.view": Allowed(frozenset({Role.OWNER, Role.ADMIN}), frozenset({Role.OWNER})),
}
# A client that is closing is there for these only.
WHILE_CLOSING = frozenset({"client.close", "client.export"})


def permissions_of(roles: frozenset[str], organisation: Organisation) -> frozenset[str]:
    """Everything that one of the roles allows towards this organisation."""
    to_agency = isinstance(organisation, Agency)
    return frozenset(name for name, row in PERMISSIONS.items() if roles & (row.to_agency if to_agency else row.to_client))


def may_grant(mine: frozenset[str], role: str, organisation: Organisation) -> bool:
    """Whether holders of the permissions `mine` may give, change or take away a role: nobody gives more than they have."""
    return "team.manage" in mine and permissions_of(frozenset({role}), organisation) <= mine
