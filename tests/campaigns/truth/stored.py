"""What the product holds of one account, in words instead of ids: what two pulls of the same truth must have in common."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from campaigns.models import Connection, ConversionAction, Origin, Page, PlatformCampaign
from campaigns.tables import TABLES

Row = dict[str, Any]
# Rows of one table by what identifies them within their account.
Rows = dict[tuple[Any, ...], Row]
WORDS = {"campaign_id": "campaign", "page_id": "page", "origin_id": "origin", '"left"': "left"}


def stored(source: Connection) -> dict[str, Rows]:
    """Every fact of the account by table, and what its ads refer to; tables without a row are left out."""
    words = _words(source)
    found: dict[str, Rows] = {}
    for table in TABLES:
        columns = (*table.key, *table.values)
        names = [column.strip('"') for column in columns]
        rows = table.model._default_manager.filter(connection=source).values_list(*names)
        for cells in rows:
            row = {
                WORDS.get(column, column): words[column][cell] if column in words else _instants(cell) if isinstance(cell, dict) else cell
                for column, cell in zip(columns, cells, strict=True)
            }
            key = tuple(row.pop(WORDS.get(column, column)) for column in table.key)
            found.setdefault(table.model.__name__, {})[key] = row
    return found | _references(source)


def _words(source: Connection) -> dict[str, dict[int, Any]]:
    said = Origin.objects.values_list("pk", "stated", "group", "source", "medium", "campaign_name", "campaign_ref")
    return {
        "origin_id": {pk: tuple(parts) for pk, *parts in said},
        "page_id": dict(Page.objects.values_list("pk", "path")),
        "campaign_id": dict(PlatformCampaign.objects.filter(connection=source).values_list("pk", "external_id")),
    }


def _instants(stages: dict[str, str]) -> dict[str, datetime]:
    return {stage: datetime.fromisoformat(at) for stage, at in stages.items()}


def _references(source: Connection) -> dict[str, Rows]:
    campaigns = PlatformCampaign.objects.filter(connection=source).values_list("external_id", "name", "channel")
    actions = ConversionAction.objects.filter(connection=source).values_list("action", "name", "category", "counts_there")
    found: dict[str, Rows] = {
        "PlatformCampaign": {(pk,): {"name": name, "channel": channel} for pk, name, channel in campaigns},
        "ConversionAction": {(pk,): {"name": name, "category": category, "counts": counts} for pk, name, category, counts in actions},
    }
    return {name: rows for name, rows in found.items() if rows}


def differences(told: dict[str, Rows], held: dict[str, Rows], most: int = 5) -> list[str]:
    """The first rows that differ between what should be held and what is, in words short enough to read."""
    found = []
    for table in sorted(told.keys() | held.keys()):
        right, here = told.get(table, {}), held.get(table, {})
        for key in sorted(right.keys() | here.keys(), key=repr):
            if key not in here:
                found.append(f"{table} {key} is missing: {right[key]}")
            elif key not in right:
                found.append(f"{table} {key} is too much: {here[key]}")
            else:
                found += [f"{table} {key} {column}: {value}" for column, value in _unlike(right[key], here[key])]
    return found[:most]


def _unlike(right: Row, here: Row) -> list[tuple[str, str]]:
    columns = sorted(right.keys() | here.keys())
    pairs = {column: (here.get(column, "no such column"), right.get(column, "no such column")) for column in columns}
    return [(column, f"{held!r}, not {told!r}") for column, (held, told) in pairs.items() if held != told]
