"""The clients of an agency, as its people look after them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts import access, closing
from accounts.models import Agency, Client, Membership, User


@dataclass(frozen=True)
class Line:
    """A client with how many people of its own, and how many of the agency's beside the owners, see it."""

    client: Client
    members: int
    assigned: int


@dataclass(frozen=True)
class ClosingLine:
    client: Client
    deleted_at: datetime | None


def lines(agency: Agency, user: User) -> list[Line]:
    """The agency's open clients that `user` may see, by name."""
    assigned = Membership.clients.through.objects.filter(client=OuterRef("pk"), membership__agency=agency)
    rows = access.clients_of(user).filter(agency=agency)
    rows = rows.annotate(member_count=_count(Membership.objects.filter(client=OuterRef("pk")), "client"))
    rows = rows.annotate(assigned_count=_count(assigned, "client"))
    return [Line(row, row.member_count, row.assigned_count) for row in rows]


def closing_lines(clients: list[Client]) -> list[ClosingLine]:
    return [ClosingLine(client, closing.deleted_at(client)) for client in clients]


def usual(agency: Agency) -> dict[str, Any]:
    """What the agency's latest client has: most likely, the next one has it too."""
    latest = agency.clients.order_by("-created_at", "-pk").values("currency", "timezone", "language")[:1]
    return {name: value for row in latest for name, value in row.items()}


def _count(rows: QuerySet[Any], by: str) -> Coalesce:
    counted = rows.order_by().values(by).annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)
