"""Parameters of the API as options of a command."""

from __future__ import annotations

from typing import Any


def option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def refusals(errors: dict[str, Any]) -> list[str]:
    """One sentence for each option at fault."""
    found = []
    for name, reasons in errors.items():
        told = [str(reason) for one in reasons.values() for reason in one] if isinstance(reasons, dict) else [str(one) for one in reasons]
        found.append(f"{option(name)}: {' '.join(told)}")
    return found
