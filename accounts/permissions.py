"""Every permission is a row of this table; it drives the checks and their tests."""

from __future__ import annotations

from accounts.models import Role

PERMISSIONS: dict[str, frozenset[Role]] = {
    "client.view": frozenset(Role),
    "report.download": frozenset(Role),
}


def allows(role: str, permission: str) -> bool:
    return role in PERMISSIONS[permission]
