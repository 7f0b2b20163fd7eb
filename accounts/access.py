"""The few functions that hand a client to a person. A stranger, and a client that does not exist, are both 404."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.http import Http404

from accounts.models import Client, Role, User
from accounts.permissions import allows


def clients_of(user: User | AnonymousUser) -> QuerySet[Client]:
    """Every client the person may see, by name."""
    if not isinstance(user, User):
        return Client.objects.none()
    mine = (
        Q(memberships__user=user)
        | Q(agency__memberships__user=user, agency__memberships__role=Role.OWNER)
        | Q(assigned_memberships__user=user)
    )
    return Client.objects.filter(mine).select_related("agency").distinct().order_by("name", "id")


def client_for(user: User | AnonymousUser, slug: str, permission: str) -> Client:
    """The client called `slug` if the person's role there allows `permission`; raises `Http404` otherwise."""
    client = clients_of(user).filter(slug=slug).first()
    if client is None or not any(allows(role, permission) for role in roles_in(user, client)):
        raise Http404
    return client


def roles_in(user: User | AnonymousUser, client: Client) -> set[str]:
    """The person's roles towards `client`: in the company itself, and in its agency where it is assigned."""
    if not isinstance(user, User):
        return set()
    roles = set()
    for membership in user.memberships.filter(Q(client=client) | Q(agency__isnull=False, agency=client.agency_id)):
        if membership.client_id or membership.role == Role.OWNER or membership.clients.filter(pk=client.pk).exists():
            roles.add(membership.role)
    return roles
