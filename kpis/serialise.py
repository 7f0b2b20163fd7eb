"""An answer as plain JSON data and as the rows of a table: what the command prints and the API returns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

from django.utils import timezone

from accounts.models import Client
from accounts.spreadsheets import inert
from kpis.definitions import DEFINITIONS
from kpis.listing import Listing
from kpis.periods import Period
from kpis.query import Answer, By, Comparison, Only, Slice, Value
from kpis.targets import Targets, whose

TOTAL = "total"
# Of one figure, in the names of the API.
FIGURE = ("value", "reason", "unit", "previous", "previous_reason", "provisional", "days_loaded", "days", "until", "target")
COLUMNS = ("by", "key", "from", "to", "compared_from", "compared_to", "currency", "kpi", *FIGURE)


def answer_data(
    client: Client, answer: Answer, slugs: Iterable[str], listing: Listing | None = None, only: Only | None = None
) -> dict[str, Any]:
    """Of the client whose schema is open.

    `{"period", "compared", "by", "kpis": {slug: figure}, "groups": [{"key", "period", "compared", "kpis"}], "paging"}`.

    Values are exact decimal strings in the KPI's unit ("money" is the currency of the period), or null. `only`: what was asked for.
    """
    wanted, listing, only = list(slugs), listing or Listing(), only or Only()
    targets = Targets.load(client, timezone.now().astimezone(client.zone).date())

    def kpis(part: Slice, by: By | None = None) -> dict[str, Any]:
        values, channel = part.values(wanted, answer.coverage), whose(only, by, part.key)
        return {slug: comparison_data(slug, one, targets.over(slug, part.period, channel)) for slug, one in values.items()}

    return {
        "period": {**days(answer.period), "timezone": client.timezone, "currency": client.currency},
        "compared": days(answer.previous),
        "by": answer.by,
        "kpis": kpis(answer.total),
        "groups": [
            {
                "key": group.key,
                "period": days(group.period),
                "compared": days(group.previous_period) if group.previous_period else None,
                "kpis": kpis(group, answer.by),
            }
            for group in listing.groups(answer)
        ],
        "paging": {
            "page": listing.page,
            "page_size": listing.page_size,
            "pages": listing.pages(answer),
            "groups": len(answer.groups),
        },
    }


def comparison_data(slug: str, comparison: Comparison, target: Fraction | None) -> dict[str, Any]:
    return {
        "value": text(comparison.value),
        "reason": comparison.value.reason,
        "unit": DEFINITIONS[slug].unit,
        "previous": text(comparison.previous),
        "previous_reason": comparison.previous.reason,
        "provisional": comparison.is_provisional,
        "days_loaded": comparison.days_loaded,
        "days": comparison.days,
        "until": comparison.until.isoformat() if comparison.until else None,
        "target": text(Value(target)),
    }


def text(value: Value) -> str | None:
    decimal = value.decimal
    return None if decimal is None else f"{decimal:f}"


def table(data: dict[str, Any]) -> Iterator[list[str]]:
    """A line for each KPI of the whole and of each group, from what `answer_data` gives; null is an empty cell."""
    yield list(COLUMNS)
    whole = {"key": "", "period": data["period"], "compared": data["compared"], "kpis": data["kpis"]}
    for by, part in [(TOTAL, whole), *((data["by"], group) for group in data["groups"])]:
        compared = part["compared"] or {"from": None, "to": None}
        days = (part["period"]["from"], part["period"]["to"], compared["from"], compared["to"])
        for slug, figure in part["kpis"].items():
            cells = (by, inert(part["key"]), *days, data["period"]["currency"], slug, *(figure[name] for name in FIGURE))
            yield [_cell(cell) for cell in cells]


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def days(period: Period) -> dict[str, str]:
    return {"from": period.since.isoformat(), "to": period.until.isoformat()}
