"""Who is in a team, as those who may look at it see it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext

from accounts import invitations
from accounts.models import Client, Invitation, Membership, Organisation, Role, User, agency_of, owner_fields
from accounts.permissions import MEANINGS, may_grant
from accounts.sign_in import second_factor

RANK = {role: rank for rank, role in enumerate(Role)}


@dataclass(frozen=True)
class Member:
    """A person in a team. `clients` are those of an agency's that they may see, by name; None: all of them."""

    pk: int
    name: str
    email: str
    role: str
    means: str
    since: datetime
    is_me: bool
    may_change: bool
    clients: list[str] | None
    two_steps: bool


@dataclass(frozen=True)
class Waiting:
    """An invitation not answered yet."""

    pk: int
    email: str
    role: str
    state: invitations.State
    problem: str
    sent_at: datetime | None
    expires_at: datetime
    may_change: bool
    clients: list[str]


def members(organisation: Organisation, mine: frozenset[str], me: User) -> list[Member]:
    """The team, the highest role first, to somebody with the permissions `mine` there."""
    factors = Authenticator.objects.filter(user=OuterRef("user"), type__in=second_factor.FACTORS)
    rows = organisation.memberships.annotate(two_steps=Exists(factors)).select_related("user").prefetch_related(_given(organisation))
    return [_member(row, may_grant(mine, row.role, organisation), me) for row in _in_order(rows)]


def agency_people(client: Client, me: User) -> list[Member]:
    """Who of its agency can see a client."""
    if client.agency_id is None:
        return []
    sees = Q(role=Role.OWNER) | Q(clients=client)
    rows = Membership.objects.filter(sees, agency_id=client.agency_id).select_related("user").prefetch_related(_given(client)).distinct()
    return [_member(row, False, me) for row in _in_order(rows)]


def waiting(organisation: Organisation, mine: frozenset[str]) -> list[Waiting]:
    """Invitations nobody has answered, the newest first."""
    rows = Invitation.objects.waiting().filter(**owner_fields(organisation)).prefetch_related(_given(organisation))
    return [_waiting(row, may_grant(mine, row.role, organisation)) for row in rows.order_by("-created_at", "-pk")]


def member_of(organisation: Organisation, pk: int) -> Membership:
    """One of its members. Raises `Http404` for anybody else's."""
    return get_object_or_404(Membership.objects.select_related("user", "agency", "client"), pk=pk, **owner_fields(organisation))


def own_membership(organisation: Organisation, me: User) -> Membership:
    """Raises `Http404` to who sees the organisation without being of it."""
    return get_object_or_404(Membership.objects.select_related("user", "agency", "client"), user=me, **owner_fields(organisation))


def belongings(me: User) -> list[Membership]:
    """Every organisation a person is a member of that is open, agencies first, by name."""
    rows = me.memberships.filter(client__closed_at=None).select_related("agency", "client__agency")
    return sorted(rows, key=lambda row: (row.client_id is not None, row.organisation.name.casefold()))


def invitation_of(organisation: Organisation, pk: int) -> Invitation:
    """One of its open invitations. Raises `Http404` for anybody else's."""
    return get_object_or_404(Invitation.objects.waiting().select_related("agency", "client__agency"), pk=pk, **owner_fields(organisation))


def _given(organisation: Organisation) -> Prefetch[str, QuerySet[Client], str]:
    """The names of clients that are still the agency's."""
    return Prefetch(
        "clients", Client.objects.filter(closed_at=None, agency=agency_of(organisation)).only("id", "name").order_by("name", "id")
    )


def _in_order(rows: Iterable[Membership]) -> list[Membership]:
    return sorted(rows, key=lambda row: (RANK[Role(row.role)], row.user.get_short_name().casefold(), row.pk))


def _member(row: Membership, may_change: bool, me: User) -> Member:
    return Member(
        pk=row.pk,
        name=row.user.get_short_name(),
        email=row.user.email,
        role=str(Role(row.role).label),
        means=gettext(MEANINGS[row.role]),
        since=row.created_at,
        is_me=row.user_id == me.pk,
        may_change=may_change,
        clients=None if row.role == Role.OWNER else [client.name for client in row.clients.all()],
        two_steps=getattr(row, "two_steps", False),
    )


def _waiting(row: Invitation, may_change: bool) -> Waiting:
    return Waiting(
        pk=row.pk,
        email=row.email,
        role=str(Role(row.role).label),
        state=invitations.state(row),
        problem=row.problem,
        sent_at=row.sent_at,
        expires_at=row.expires_at,
        may_change=may_change,
        clients=[client.name for client in row.clients.all()],
    )
