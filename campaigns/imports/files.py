"""The rows of a file as text, one after the other, whatever kind of file it is. Nothing is known here of what they mean."""

from __future__ import annotations

import codecs
import csv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from campaigns.imports.reasons import Reason

Row = tuple[int, list[str]]
WORKBOOK = b"PK\x03\x04"
# A workbook of a few kilobytes may unpack to any size.
MOST_UNPACKED = 500 * 2**20
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


def _sheet_rows(path: Path, form: Format) -> Iterator[Row]:
    found = enumerate(_sheet(path, form.sheet), start=1)
    line = 0
    while True:
        try:
            line, values = next(found)
            cells = [_cell(value) for value in values]
        except StopIteration:
            return
        except Unreadable:
            raise
        except Exception:  # a broken workbook fails in as many ways as it has parts
            raise Unreadable(line + 1, Reason.NOT_A_WORKBOOK) from None
        if line > form.skip_lines and any(cells):
            yield line, cells


def _sheet(path: Path, name: str) -> Iterator[tuple[Any, ...]]:
    with zipfile.ZipFile(path) as packed:
        if sum(part.file_size for part in packed.infolist()) > MOST_UNPACKED:
            raise Unreadable(0, Reason.TOO_BIG, megabytes=MOST_UNPACKED // 2**20)
    with _workbook(path) as workbook:
        if name and name not in workbook.sheetnames:
            raise Unreadable(0, Reason.NO_SUCH_SHEET, sheets=", ".join(workbook.sheetnames))
        sheet = workbook[name or workbook.sheetnames[0]]
        # Exporters write wrong dimensions; without them all there is gets read.
        sheet.reset_dimensions()
        yield from sheet.iter_rows(values_only=True)


@contextmanager
def _workbook(path: Path) -> Iterator[Any]:
    from openpyxl import load_workbook

    # Opened here: a path must end like a workbook's for openpyxl, and that of an upload does not.
    with path.open("rb") as file:
        workbook = load_workbook(file, read_only=True, data_only=True)
        try:
            yield workbook
        finally:
            workbook.close()


def sheets(path: Path) -> list[str]:
    """The names of a workbook's sheets. Raises `Unreadable`."""
    try:
        with _workbook(path) as workbook:
            return list(workbook.sheetnames)
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
