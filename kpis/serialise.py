"""An answer as plain JSON data: what the command prints and the API returns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from accounts.models import Client
from kpis.definitions import DEFINITIONS
from kpis.query import Answer, Comparison, Slice, Value


def answer_data(client: Client, answer: Answer, slugs: Iterable[str]) -> dict[str, Any]:
    """`{"period", "kpis": {slug: {"value", "reason", "unit", "previous"}}, "groups": [{"key", "kpis"}]}`.

    Values are exact decimal strings in the KPI's unit ("money" is the currency of the period), or null.
    """
    wanted = list(slugs)

    def kpis(part: Slice) -> dict[str, Any]:
        values = part.values(wanted, answer.coverage)
        return {slug: comparison_data(slug, comparison) for slug, comparison in values.items()}

    return {
        "period": {
            "from": answer.period.since.isoformat(),
            "to": answer.period.until.isoformat(),
            "timezone": client.timezone,
            "currency": client.currency,
        },
        "kpis": kpis(answer.total),
        "groups": [{"key": group.key, "kpis": kpis(group)} for group in answer.groups],
    }


def comparison_data(slug: str, comparison: Comparison) -> dict[str, Any]:
    return {
        "value": text(comparison.value),
        "reason": comparison.value.reason,
        "unit": DEFINITIONS[slug].unit,
        "previous": text(comparison.previous),
    }


def text(value: Value) -> str | None:
    decimal = value.decimal
    return None if decimal is None else f"{decimal:f}"
