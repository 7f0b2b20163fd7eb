"""The file of reference rates that the European Central Bank publishes (eurofxref-hist.csv, also inside its ZIP).

A header `Date,USD,JPY,…`, one line per business day, newest first; `N/A` where a currency was not quoted.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path

from django.db import connection, transaction

from campaigns.rates.models import ExchangeRate

_RATE = re.compile(r"\d{1,9}(\.\d{1,10})?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
NOT_QUOTED = frozenset({"", "N/A"})


class Refused(Exception):
    """The file is not a series of reference rates; nothing of it was stored."""


def load(path: Path) -> tuple[int, set[str]]:
    """Store a file's rates over those of the same days: how many were new or other than before, and of which currencies."""
    rows = list(_rows(_text(path)))
    if not rows:
        raise Refused("The file holds no rates.")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.new_rate")
        cursor.execute("CREATE TEMPORARY TABLE new_rate (LIKE rates_exchangerate) ON COMMIT DROP")
        with cursor.copy("COPY new_rate (currency, day, per_euro) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(
            """INSERT INTO rates_exchangerate AS old (currency, day, per_euro) SELECT currency, day, per_euro FROM new_rate
               ON CONFLICT (currency, day) DO UPDATE SET per_euro = excluded.per_euro WHERE old.per_euro <> excluded.per_euro
               RETURNING currency"""
        )
        changed = [currency for (currency,) in cursor.fetchall()]
    return len(changed), set(changed)


def count() -> int:
    return ExchangeRate.objects.count()


def newest() -> date | None:
    """The last day for which there are rates."""
    found = ExchangeRate.objects.order_by("-day").first()
    return found.day if found else None


def _text(path: Path) -> str:
    content = path.read_bytes()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive, suppress(StopIteration):
            content = archive.read(next(name for name in archive.namelist() if name.endswith(".csv")))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused("The file is not text. Take eurofxref-hist.csv of the European Central Bank, or its ZIP.") from None


def _rows(text: str) -> Iterable[tuple[str, date, Decimal]]:
    lines = csv.reader(io.StringIO(text))
    header = [name.strip() for name in next(lines, [])]
    while header and not header[-1]:
        header.pop()
    if header[:1] != ["Date"] or not all(_CURRENCY.fullmatch(name) for name in header[1:]):
        raise Refused("The first line must read Date,USD,JPY,… as in eurofxref-hist.csv of the European Central Bank.")
    for number, cells in enumerate(lines, 2):
        if not any(cells):
            continue
        day = _day(cells[0].strip(), number)
        for currency, cell in zip(header[1:], cells[1:], strict=False):
            if cell.strip() not in NOT_QUOTED:
                yield currency, day, _rate(cell.strip(), number, currency)


def _day(text: str, line: int) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused(f"Line {line}, column Date: {text!r:.40} is not a day; use YYYY-MM-DD.") from None


def _rate(text: str, line: int, currency: str) -> Decimal:
    if not _RATE.fullmatch(text) or not Decimal(text):
        raise Refused(f"Line {line}, column {currency}: {text!r:.40} is not a rate.")
    return Decimal(text)
