"""Cohorts as plain JSON data and as the rows of a table: what the command prints and the API returns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from accounts.models import Client
from accounts.spreadsheets import inert
from kpis import serialise
from kpis.customers import cohorts
from kpis.customers.cohorts import Cohort, Shown
from kpis.definitions import Unit
from kpis.periods import Period
from kpis.query import By
from kpis.values import Value

COLUMNS = ("month", "by", "key", "size", "age", "shown", "value", "reason", "currency")


def answer_data(
    client: Client, period: Period, shown: Shown, by: By | None, found: Sequence[Cohort], page: int, page_size: int
) -> dict[str, Any]:
    """Values are exact decimal strings, or null; `page` counts from 1."""
    size, cells = cohorts.total(found)
    first = (page - 1) * page_size
    return {
        "period": {**serialise.days(period), "timezone": client.timezone, "currency": client.currency},
        "shown": shown,
        "unit": unit(shown),
        "by": by,
        "cohorts": [
            {"month": f"{cohort.month:%Y-%m}", "key": cohort.key, "size": cohort.size, "cells": _cells(cohort.cells)}
            for cohort in found[first : first + page_size]
        ],
        "total": {"size": size, "cells": _cells(cells)},
        "paging": {"page": page, "page_size": page_size, "pages": max(1, -(-len(found) // page_size)), "cohorts": len(found)},
    }


def unit(shown: Shown) -> Unit:
    return Unit.FRACTION if shown is Shown.ACTIVE else Unit.MONEY


def table(data: dict[str, Any]) -> Iterator[list[str]]:
    """A line for each cell of the whole and of each cohort, from what `answer_data` gives; null is an empty cell."""
    yield list(COLUMNS)
    currency = data["period"]["currency"] if data["unit"] == Unit.MONEY else ""
    for cohort in [{"month": serialise.TOTAL, "key": "", **data["total"]}, *data["cohorts"]]:
        for cell in cohort["cells"]:
            told = (cohort["month"], data["by"] or "", inert(cohort["key"]), cohort["size"], cell["age"], data["shown"])
            yield [str(part) for part in (*told, cell["value"] or "", cell["reason"] or "", currency)]


def _cells(cells: Iterable[Value]) -> list[dict[str, Any]]:
    return [{"age": age, "value": serialise.text(cell), "reason": cell.reason} for age, cell in enumerate(cells)]
