"""The clients of an agency, as its people look after them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts import closing
from accounts.models import Agency, Client


@dataclass(frozen=True)
class ClosingLine:
    client: Client
    deleted_at: datetime | None


def closing_lines(clients: list[Client]) -> list[ClosingLine]:
    return [ClosingLine(client, closing.deleted_at(client)) for client in clients]


def usual(agency: Agency) -> dict[str, Any]:
    """What the agency's latest client has: most likely, the next one has it too."""
    latest = agency.clients.order_by("-created_at", "-pk").values("currency", "timezone", "language")[:1]
    return {name: value for row in latest for name, value in row.items()}
