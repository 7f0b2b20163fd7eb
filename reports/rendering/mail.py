"""The weekly e-mail: subject, HTML with its styles written into the elements, and a text part that says as much."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import override

from accounts import colours, mails
from reports.presentation import Presentation, Row, Table, dash_notes

TILES_PER_ROW = 2
# Letters of a tile's figure that half a phone is wide enough for.
PHONE_WIDE = 13
# What a mail's width holds; the page and the PDF have every column and campaign.
COLUMNS = ("spend", "revenue", "leads", "cpl", "roas")


@dataclass(frozen=True)
class Links:
    """Where a mail leads: the report as it was sent and its PDF (signed), the dashboard and the glossary (signed in), the way out."""

    report: str
    pdf: str
    dashboard: str
    definitions: str
    unsubscribe: str


def email_parts(presentation: Presentation, links: Links) -> tuple[str, str, str]:
    """(subject, html, text) in the presentation's language. Nothing is fetched, and there are no pictures."""
    context = {
        "report": presentation,
        "tile_rows": _rows(presentation),
        "has_long_tiles": any(len(tile.value) > PHONE_WIDE for tile in presentation.tiles),
        "channels": _narrow(presentation.channels),
        "colours": colours.in_mail(presentation.brand_primary),
        "links": links,
    }
    with override(presentation.language):
        subject = mails.one_line(render_to_string("emails/weekly_report.subject.txt", context))
        html = render_to_string("emails/weekly_report.html", context)
        text = render_to_string("emails/weekly_report.txt", context)
    # A mail is set in whatever typeface its reader has, and many draw the narrow space too narrow to be seen.
    visible = html.replace("\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}")
    return subject, mails.inlined(visible), mails.tidy(text)


def _rows(presentation: Presentation) -> list[list[Any]]:
    """Tiles two by two; a last one alone leaves its neighbour empty."""
    tiles: list[Any] = list(presentation.tiles)
    if len(tiles) % TILES_PER_ROW:
        tiles.append(None)
    return [tiles[start : start + TILES_PER_ROW] for start in range(0, len(tiles), TILES_PER_ROW)]


def _narrow(table: Table) -> Table:
    """The columns that a mail holds."""
    rows, total = tuple(_narrow_row(row) for row in table.rows), _narrow_row(table.total)
    columns = tuple(column for column in table.columns if column.slug in COLUMNS)
    notes = dash_notes([*rows, total]) if rows else ()
    return replace(table, columns=columns, rows=rows, total=total, notes=notes)


def _narrow_row(row: Row) -> Row:
    return replace(row, cells=tuple(cell for cell in row.cells if cell.column.slug in COLUMNS))
