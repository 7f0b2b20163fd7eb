"""What is taken from a page: its tables as CSV and workbook, its charts as pictures."""

from __future__ import annotations

import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import typst
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from accounts.spreadsheets import csv_text, inert
from kpis.definitions import DEFINITIONS, Unit
from reports import content
from reports.presentation import Presentation
from reports.rendering import typeface

# Pictures are sharp on screens of twice the usual density.
DOTS_PER_INCH = 192.0
_FOLDER = Path(__file__).resolve().parents[2] / "templates" / "pdf"
# How a workbook shows a unit; what it holds is exact.
_FORMATS = {Unit.MONEY: "#,##0.00", Unit.COUNT: "#,##0", Unit.FRACTION: "0.0%", Unit.MULTIPLE: "0.00"}


def csv(table: content.Table, names: dict[str, str]) -> bytes:
    """Exact figures, an empty cell where there is none; `names` of the lines by key."""
    return csv_text(_rows(table, names)).encode()


def workbook(table: content.Table, names: dict[str, str], about: dict[str, str]) -> bytes:
    """The same with numbers as numbers, and a sheet that says what they are of."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("Figures"))
    sheet.freeze_panes = "B2"
    header, *rows = _rows(table, names)
    labels, columns = len(_labels(table)), _columns(table)
    for column, text in enumerate(header, start=1):
        sheet.column_dimensions[get_column_letter(column)].width = max(14, len(str(text)) + 2)
    sheet.append([_bold(sheet, text) for text in header])
    for row in rows:
        told = zip(row[labels:], columns, strict=True)
        sheet.append([*row[:labels], *(_cell(sheet, value, slug) for value, (slug, _what) in told)])
    notes = book.create_sheet(_("About"))
    for name, text in about.items():
        notes.append([_bold(notes, name), inert(text)])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def png(title: str, svg: str, presentation: Presentation) -> bytes:
    """A chart on white, with what it is of. Raises `typst.TypstError` where it cannot be drawn."""
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(typeface.FOLDER)])
    said = {"title": title, "of": f"{presentation.client_name} · {presentation.period}", "svg": svg, "lang": presentation.language}
    compiler = typst.Compiler(input=str(_FOLDER / "chart.typ"), root=str(_FOLDER), font_paths=fonts, sys_inputs=said)
    picture = compiler.compile(format="png", ppi=DOTS_PER_INCH)
    if not isinstance(picture, bytes):
        raise TypeError("typst returned no single picture")
    return picture


def _columns(table: content.Table) -> list[tuple[str, str]]:
    """Which figure of a KPI each column has: the KPI's slug, and the field of `content.Figure`."""
    aimed = {slug for slug in table.slugs if any(row.figures[slug].target is not None for row in table.rows)}
    return [(slug, what) for slug in table.slugs for what in ("value", "previous", "target") if what != "target" or slug in aimed]


def _rows(table: content.Table, names: dict[str, str]) -> Iterator[list[Any]]:
    """Each KPI with what it was in the period that it is compared with, and what was aimed at where anything was."""
    words = {"value": "%(kpi)s", "previous": _("%(kpi)s, compared period"), "target": _("%(kpi)s, target")}
    labels = _labels(table)
    yield [*labels, *(words[what] % {"kpi": _(DEFINITIONS[slug].name)} for slug, what in _columns(table))]
    for row in table.rows:
        name = names.get(row.key) or row.title or row.key
        yield [*map(inert, (name, row.key, row.url)[: len(labels)]), *_values(table, row)]
    yield [_("Total"), *[""] * (len(labels) - 1), *_values(table, table.total)]


def _labels(table: content.Table) -> list[str]:
    """Heads of what tells the lines apart: of posts also their id, which is not their name, and where they are."""
    is_titled = any(row.title or row.url for row in table.rows)
    return ["", _("ID"), _("Web address")] if is_titled else [""]


def _values(table: content.Table, row: content.Row) -> Iterator[Decimal | str]:
    for slug, what in _columns(table):
        value = getattr(row.figures[slug], what)
        yield "" if value is None else value


def _bold(sheet: Any, text: object) -> Any:
    cell = WriteOnlyCell(sheet, inert(text))
    cell.font = Font(bold=True)
    return cell


def _cell(sheet: Any, value: Decimal | str, slug: str) -> Any:
    if isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet, value)
    cell.number_format = _FORMATS.get(DEFINITIONS[slug].unit, "General")
    return cell
