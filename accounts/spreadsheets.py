"""Files that are opened in a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Iterable
from typing import IO

# Where a French Excel, which parts cells at semicolons and heeds no quotes inside of them, may find a formula.
FORMULA = re.compile(r"""((?:^|[;\t\r\n])[\s"]*)(?=[=+\-@])|^(?=[\t\r])""")
# Without it, spreadsheets misread accents.
MARK = "\N{BYTE ORDER MARK}"
# Bytes of a file that are kept in memory.
LARGE = 2**20


def inert(text: object) -> str:
    """A spreadsheet takes a cell that begins like a formula for one; as what this gives, it is shown."""
    return FORMULA.sub(r"\1'", str(text))


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """Rows as they are written to a file in UTF-8."""
    out = io.StringIO(MARK)
    out.seek(0, io.SEEK_END)
    csv.writer(out).writerows(rows)
    return out.getvalue()


def csv_file(rows: Iterable[Iterable[object]]) -> IO[bytes]:
    """The same as a file of its own, on disk where it is large, which is gone when it is closed: all rows are read by now."""
    file = tempfile.SpooledTemporaryFile(LARGE)  # noqa: SIM115 (whoever sends it closes it)
    text = io.TextIOWrapper(file, "utf-8", newline="")
    text.write(MARK)
    csv.writer(text).writerows(rows)
    text.flush()
    text.detach()
    file.seek(0)
    return file
