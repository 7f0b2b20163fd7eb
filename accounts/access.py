"""The few functions that hand a client or an agency to a person or a program. A stranger, and what does not exist, are both 404."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import PermissionDenied
from django.db.models import BooleanField, CharField, Q, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.http import Http404

from accounts.models import Agency, ApiToken, Client, FormerSlug, Organisation, Role, User
from accounts.permissions import WHILE_CLOSING, permissions_of

# Whoever asks: a person by their session, a program by its token, or nobody.
Identity = User | ApiToken | AnonymousUser
Held = TypeVar("Held", Client, Agency)
ROLES = ArrayField(CharField())
# Written out: every request passes here, and Django takes longer to compose this than Postgres to answer it.
ROLES_IN_AGENCY = "SELECT role FROM accounts_membership WHERE user_id = %s AND agency_id = accounts_agency.id"
ROLES_IN_CLIENT = """
    SELECT role FROM accounts_membership AS membership WHERE user_id = %s AND (
        membership.client_id = accounts_client.id OR membership.agency_id = accounts_client.agency_id AND (
            role = 'owner' OR EXISTS (
                SELECT FROM accounts_membership_clients AS assigned
                WHERE assigned.membership_id = membership.id AND assigned.client_id = accounts_client.id)))
"""


@dataclass(frozen=True)
class Grant(Generic[Held]):
    """A client or an agency in somebody's hands, with everything they may do there."""

    organisation: Held
    permissions: frozenset[str]


def clients_of(identity: Identity) -> QuerySet[Client]:
    """Every open client that whoever asks may see, by name."""
    return _reachable_clients(identity).filter(closed_at=None)


def closing_clients_of(identity: Identity) -> tuple[list[Client], list[Client]]:
    """The clients that are closing, by name: those that whoever asks may reopen, and the others that they belong to."""
    theirs: list[Client] = []
    others: list[Client] = []
    for client in _reachable_clients(identity).exclude(closed_at=None):
        (theirs if "client.close" in permissions_in(client) else others).append(client)
    return theirs, others


def agencies_of(identity: Identity) -> QuerySet[Agency]:
    """Every agency that whoever asks works in, by name."""
    return _reachable_agencies(identity).order_by("name", "id")


def zone_of(user: User) -> ZoneInfo:
    """Where the days of all open clients begin that a person may see; UTC if that is in several places, or there are none."""
    zones = list(clients_of(user).order_by("timezone").values_list("timezone", flat=True).distinct()[:2])
    return ZoneInfo(zones[0] if len(zones) == 1 else "UTC")


def client_for(identity: Identity, slug: str, permission: str) -> Grant[Client]:
    """The client called `slug`. Raises `Http404` to whoever may not know of it, `PermissionDenied` to a member who may not do this."""
    client = _reachable_clients(identity).filter(slug=slug).first()
    if client is None or (client.closed_at and permission not in WHILE_CLOSING):
        raise Http404
    return _checked(client, permission)


def agency_for(identity: Identity, slug: str, permission: str) -> Grant[Agency]:
    """The agency called `slug`; raises like `client_for`."""
    agency = _reachable_agencies(identity).filter(slug=slug).first()
    if agency is None:
        raise Http404
    return _checked(agency, permission)


def held(user: User | None, organisation: Organisation) -> frozenset[str]:
    """What a person may do to the organisation at this moment, read anew."""
    if user is None or not user.is_active:
        return frozenset()
    rows: QuerySet[Any] = _reachable_agencies(user) if isinstance(organisation, Agency) else _reachable_clients(user)
    found = rows.filter(pk=organisation.pk).first()
    return permissions_in(found) if found else frozenset()


def holders(organisation: Organisation, permission: str) -> QuerySet[User]:
    """The people who may do this to the organisation at this moment; what `held` says of each, asked the other way round."""
    roles = [role for role in Role if permission in permissions_of(frozenset({role}), organisation)]
    if isinstance(organisation, Agency):
        member = Q(memberships__agency=organisation, memberships__role__in=roles)
    else:
        assigned = Q(memberships__role=Role.OWNER) | Q(memberships__clients=organisation)
        in_agency = Q(memberships__agency_id=organisation.agency_id or 0, memberships__role__in=roles) & assigned
        member = Q(memberships__client=organisation, memberships__role__in=roles) | in_agency
    return User.objects.filter(member, is_active=True).distinct()


def present_slug(identity: Identity, former: str) -> str | None:
    """What a client once called `former` is called today, for those who may see it."""
    moved = FormerSlug.objects.filter(slug=former).values("client_id")
    return clients_of(identity).filter(pk__in=moved).values_list("slug", flat=True).first()


def as_viewer(grant: Grant[Client]) -> Grant[Client]:
    """The client as it is in the hands of its viewers, with nothing that whoever asked may not do anyway."""
    client = grant.organisation
    client.roles = [Role.VIEWER]  # type: ignore[attr-defined]  # what `roles_in` reads
    return Grant(client, grant.permissions & permissions_of(roles_in(client), client))


def _checked(organisation: Held, permission: str) -> Grant[Held]:
    permissions = permissions_in(organisation)
    if permission not in permissions:
        raise PermissionDenied
    return Grant(organisation, permissions)


def roles_in(organisation: Any) -> frozenset[str]:
    """The roles that whoever asked for the organisation has there."""
    return frozenset(organisation.roles)


def permissions_in(organisation: Organisation) -> frozenset[str]:
    """Everything that whoever asked for the organisation may do there."""
    return permissions_of(roles_in(organisation), organisation)


def _reachable_clients(identity: Identity) -> QuerySet[Client]:
    """Clients by name, closing ones too, each with the `roles` that whoever asks has there."""
    clients = Client.objects.select_related("agency").order_by("name", "id")
    if isinstance(identity, ApiToken):
        owned = Q(pk=identity.client_id) if identity.client_id else Q(agency_id=identity.agency_id)
        return clients.filter(owned).annotate(roles=_scope(identity))
    if not isinstance(identity, User):
        return clients.none()
    return _where_a_member(clients, ROLES_IN_CLIENT, identity)


def _reachable_agencies(identity: Identity) -> QuerySet[Agency]:
    """Agencies with the `roles` that whoever asks has there."""
    if isinstance(identity, ApiToken):
        return Agency.objects.filter(pk=identity.agency_id or 0).annotate(roles=_scope(identity))
    if not isinstance(identity, User):
        return Agency.objects.none()
    return _where_a_member(Agency.objects.all(), ROLES_IN_AGENCY, identity)


def _where_a_member(organisations: QuerySet[Held], roles: str, user: User) -> QuerySet[Held]:
    is_member = RawSQL(f"EXISTS ({roles})", [user.pk], output_field=BooleanField())
    return organisations.filter(is_member).annotate(roles=RawSQL(f"ARRAY({roles})", [user.pk], output_field=ROLES))


def _scope(token: ApiToken) -> Value:
    return Value([token.scope], output_field=ROLES)
