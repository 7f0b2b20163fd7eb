"""The rows of a file as text, one after the other, whatever kind of file it is. Nothing is known here of what they mean."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from openpyxl.reader.excel import ExcelReader

from campaigns.imports import measuring
from campaigns.imports.reasons import Reason

Row = tuple[int, list[str]]
WORKBOOK = b"PK\x03\x04"
# Bytes of a workbook for each that is text.
MARKUP = 4
# What is looked at to find out how a file is written.
SAMPLE = 64 * 1024
Encoding = Literal["utf-8", "utf-16", "cp1252"]
Delimiter = Literal[",", ";", "\t", "|"]
ENCODINGS: dict[Encoding, str] = {"utf-8": "utf-8-sig", "utf-16": "utf-16", "cp1252": "cp1252"}
DELIMITERS: tuple[Delimiter, ...] = (",", ";", "\t", "|")
# Excel shows fifteen digits of the binary numbers it keeps.
_DIGITS = ".15g"
_FINEST = Decimal("1e-9")


class Typed(str):
    """A workbook's date or number, already written in the canonical way."""

    __slots__ = ()


class Unreadable(Exception):
    """The file as a whole cannot be read on from `line`."""

    def __init__(self, line: int, reason: Reason, **params: str | int) -> None:
        super().__init__(reason.name)
        self.line = line
        self.reason = reason
        self.params = params


@dataclass(frozen=True)
class Format:
    encoding: Encoding = "utf-8"
    delimiter: Delimiter = ","
    skip_lines: int = 0
    sheet: str = ""


def is_workbook(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(WORKBOOK)) == WORKBOOK


def weight(path: Path) -> int:
    """Bytes of text that are to be read, about. Raises `Unreadable`."""
    if not is_workbook(path):
        return path.stat().st_size
    with _archive(path) as packed:
        return packed.unpacked // MARKUP


def rows(path: Path, form: Format) -> Iterator[Row]:
    """Every row that is not empty, as (its first line, its cells). Raises `Unreadable`."""
    return _sheet_rows(path, form) if is_workbook(path) else _csv_rows(path, form)


def _csv_rows(path: Path, form: Format) -> Iterator[Row]:
    line = form.skip_lines
    try:
        with path.open(encoding=ENCODINGS[form.encoding], newline="") as file:
            for _ in range(form.skip_lines):
                file.readline()
            reader = csv.reader(file, delimiter=form.delimiter, strict=True)
            for cells in reader:
                first, line = line + 1, form.skip_lines + reader.line_num
                if any(cells):
                    yield first, cells
    except UnicodeError:
        raise Unreadable(line + 1, Reason.NOT_TEXT, encoding=form.encoding.upper()) from None
    except csv.Error as error:
        raise Unreadable(line + 1, Reason.NOT_CSV, problem=str(error)) from None


def sheet_start(path: Path, sheet: str, most: int) -> tuple[list[Row], list[str]]:
    """The first rows of a workbook's sheet, and the names of all its sheets. Raises `Unreadable`."""
    with _workbook(path) as workbook:
        return list(islice(_rows_of(workbook, Format(sheet=sheet)), most)), list(workbook.sheetnames)


def _sheet_rows(path: Path, form: Format) -> Iterator[Row]:
    with _workbook(path) as workbook:
        yield from _rows_of(workbook, form)


def _rows_of(workbook: Any, form: Format) -> Iterator[Row]:
    if form.sheet and form.sheet not in workbook.sheetnames:
        raise Unreadable(0, Reason.NO_SUCH_SHEET, sheets=", ".join(workbook.sheetnames))
    sheet = workbook[form.sheet or workbook.sheetnames[0]]
    # Exporters write wrong dimensions; without them all there is gets read.
    sheet.reset_dimensions()
    found = enumerate(sheet.iter_rows(values_only=True), start=1)
    line = 0
    while True:
        try:
            line, values = next(found)
            cells = [_cell(value) for value in values]
        except StopIteration:
            return
        except Exception:  # a broken workbook fails in as many ways as it has parts
            raise Unreadable(line + 1, Reason.NOT_A_WORKBOOK) from None
        if line > form.skip_lines and any(cells):
            yield line, cells


@contextmanager
def _workbook(path: Path) -> Iterator[Any]:
    with _archive(path) as packed, path.open("rb") as file:
        reader = ExcelReader(file, read_only=True, data_only=True, keep_links=False)
        reader.archive = packed
        reader.read()
        yield reader.wb


@contextmanager
def _archive(path: Path) -> Iterator[measuring.Archive]:
    """Whatever is wrong with a workbook is said in one way."""
    try:
        with measuring.Archive(path) as packed:
            yield packed
    except Unreadable:
        raise
    except measuring.TooMuch as found:
        raise Unreadable(0, found.reason, **found.params) from None
    except Exception:  # as above
        raise Unreadable(0, Reason.NOT_A_WORKBOOK) from None


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int():
            return Typed(value)
        case float():
            return Typed(_number(value))
        case datetime():
            return Typed(_moment(value))
        case date() | time():
            return Typed(value.isoformat())
        case timedelta():
            return Typed(_number(value.total_seconds()))
        case _:
            return str(value)


def _number(value: float) -> str:
    exact = Decimal(format(value, _DIGITS))
    if not exact.is_finite():
        return str(value)
    short = exact if exact == exact.to_integral_value() else exact.quantize(_FINEST).normalize()
    return format(short, "f")


def _moment(value: datetime) -> str:
    """A day where it is midnight. Seconds are whole: what a workbook keeps is a fraction of a day."""
    whole = (value + timedelta(milliseconds=500)).replace(microsecond=0)
    return whole.date().isoformat() if whole.time() == time() else whole.isoformat()


def sniffed_encoding(start: bytes, *, whole: bool) -> Encoding:
    """The encoding that the start of a file is written in, a guess where it is none of those that tell."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\x00" in start[1:200:2]:
        return "utf-16"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start, final=whole)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"
