"""What tests of imports share: sound files, how they are read, and what is stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from campaigns.imports import Mapping, Refusal, template
from campaigns.imports.cells import Context
from campaigns.imports.faults import Fault
from campaigns.imports.kinds import KINDS, Values
from campaigns.imports.reading import Reading
from campaigns.imports.styles import DateStyle, NumberStyle
from campaigns.models import Pull
from campaigns.streams import execute
from campaigns.tables import TABLES

Row = dict[str, str]
# Writes a file of a text, in an encoding.
Save = Callable[..., Path]
CONTEXT = Context(ZoneInfo("Europe/Paris"), datetime(2026, 11, 22, 12, tzinfo=UTC), lambda address: f"hash of {address}")
# A French table of ads, and how it is read.
MAPPED = Mapping(
    columns={"Jour": "date", "Campagne": "campaign", "Clics": "clicks", "Coût": "spend"},
    constants={"source": "x", "account": "1"},
    dates=DateStyle.DAY_FIRST,
    numbers=NumberStyle.COMMA,
    delimiter=";",
    totals=("Total",),
    unknown=("--",),
)
HEAD = "Jour;Campagne;Clics;Coût;Remarque\n"


def file_of(rows: list[Row]) -> str:
    """CSV text; every row has the same columns."""
    lines = [",".join(rows[0]), *(",".join(f'"{cell}"' if "," in cell else cell for cell in row.values()) for row in rows)]
    return "\n".join(lines) + "\n"


def example(name: str, /, **changed: str) -> Row:
    """The template's row of a kind, with some cells changed."""
    header, row = template(KINDS[name]).splitlines()
    return dict(zip(header.split(","), row.split(","), strict=True)) | changed


def stored() -> int:
    """All rows of facts, and all pulls."""
    return sum(int(execute(f"SELECT count(*) FROM {table.name}")[0][0]) for table in TABLES) + Pull.objects.count()


def facts() -> dict[str, list[tuple[object, ...]]]:
    """Every fact but for what differs from import to import: which pull changed it last, and ids of what it refers to."""
    found = {}
    for table in TABLES:
        columns = [column for column in (*table.key, *table.values) if column not in {"origin_id", "page_id", "campaign_id"}]
        joins, extra = "", []
        if table.refers_to_origin:
            joins += " JOIN campaigns_origin AS origin ON origin.id = fact.origin_id"
            extra += ["origin.key"]
        if table.refers_to_page:
            joins += " JOIN campaigns_page AS page ON page.id = fact.page_id"
            extra += ["page.path"]
        if "campaign_id" in table.columns:
            joins += " JOIN campaigns_platformcampaign AS platform ON platform.id = fact.campaign_id"
            extra += ["platform.external_id", "platform.name", "platform.channel"]
        selected = ", ".join([*(f"fact.{column}" for column in columns), *extra])
        found[table.name] = sorted(
            execute(f"SELECT source.source, source.account, {selected} FROM {table.name} AS fact JOIN campaigns_connection AS source"
                    f" ON source.id = fact.connection_id{joins}"),
            key=repr,
        )  # fmt: skip
    return {name: rows for name, rows in found.items() if rows}


def read(path: Path, kind: str, mapping: Mapping | None) -> tuple[list[Values], list[Fault], int]:
    """Rows (only what they know), faults, and how many rows were sums."""
    reading = Reading(path, KINDS[kind], CONTEXT, mapping)
    try:
        rows = [{name: value for name, value in values.items() if value is not None} for _line, values in reading.rows()]
    except Refusal as refusal:
        return [], refusal.faults, 0
    return rows, reading.faults, reading.skipped


def with_account(mapping: Mapping) -> Mapping:
    return replace(mapping, constants={**mapping.constants, "account": "42"})
