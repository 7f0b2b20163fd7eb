"""What tests of imports share: one sound file of every kind, and what is stored."""

from __future__ import annotations

from campaigns.imports import template
from campaigns.imports.kinds import KINDS
from campaigns.models import Pull
from campaigns.streams import execute
from campaigns.tables import TABLES

Row = dict[str, str]


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
    return sum(execute(f"SELECT count(*) FROM {table.name}")[0][0] for table in TABLES) + Pull.objects.count()


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
