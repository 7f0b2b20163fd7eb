"""Files that are broken, hostile or endless: told why, in a sentence; soon; and nothing of them is stored."""

from __future__ import annotations

import io
import resource
import time
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client as Browser
from hypothesis import strategies as st
from openpyxl import Workbook

from campaigns.imports import measuring
from tests.accounts.reading import text
from tests.conftest import Cast
from tests.safety.examples import each
from tests.safety.test_forms import counted, refusals

pytestmark = pytest.mark.django_db
PAGE, API = "/c/lumen/imports/", "/api/v1/clients/lumen/imports/?kind=orders"
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FEW, MANY = 6, 300
HEADER = "order_id,ordered_at,amount\n"
ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefghi", "bcdefghij", strict=True))
    + ' <!ENTITY file SYSTEM "file:///etc/passwd">]>'
)
# Seconds that a refusal may take on a busy machine, and megabytes that it may need.
SOON, LITTLE = 20, 300


def workbook(**replaced: bytes) -> bytes:
    """A sound workbook of one order, with some of its parts replaced: `xl_sharedStrings_xml` and the like."""
    book, file = Workbook(), io.BytesIO()
    for row in (HEADER.strip().split(","), ["O1", "2026-11-09T10:00:00", 80]):
        book.active.append(row)
    book.save(file)
    parts = {name.replace("/", "_").replace(".", "_"): name for name in zipfile.ZipFile(file).namelist()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed, zipfile.ZipFile(file) as sound:
        for called, name in parts.items():
            packed.writestr(name, replaced.get(called, sound.read(name)))
    return out.getvalue()


def bomb(part: str) -> bytes:
    """A hundred kilobytes that unpack to more than `MOST_UNPACKED`."""
    book, out = workbook(), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as sound, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        for name in sound.namelist():
            if name != part:
                packed.writestr(name, sound.read(name))
        with packed.open(part, "w", force_zip64=True) as file:
            file.write(b'<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">')
            for _ in range(24):
                file.write(b"<si><t></t></si>" * 2**16)
    return out.getvalue()


def sheet(rows: str) -> bytes:
    """A workbook whose only sheet has these rows, as XML."""
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return workbook(xl_worksheets_sheet1_xml=f'<worksheet xmlns="{namespace}"><sheetData>{rows}</sheetData></worksheet>'.encode())


def sheets(number: int) -> bytes:
    """A workbook of which every sheet is the same one."""
    names = "".join(f'<sheet name="S{each}" sheetId="{each + 1}" r:id="rId1"/>' for each in range(number))
    return workbook(
        xl_workbook_xml=(
            '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
            ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
            f"<sheets>{names}</sheets></workbook>"
        ).encode()
    )


HOSTILE: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "NUL": lambda: b"\0" * 5_000,
    "one endless line": lambda: b"a" * 2_000_000,
    "an endless field": lambda: b'"' + b"a" * 500_000,
    "100,000 columns": lambda: b",".join(b"c%d" % number for number in range(100_000)) + b"\n" + b"1," * 99_999 + b"1\n",
    "100,000 columns of one name": lambda: b"order_id," * 100_000 + b"\n",
    "cp1252 among UTF-8": lambda: (HEADER + "Oé,2026-11-09T10:00:00,1\n").encode() + b"\xe9,\xff,1\n",
    "half of UTF-16": lambda: HEADER.encode("utf-16") + b"\x00",
    "UTF-32": lambda: HEADER.encode("utf-32"),
    "a lone surrogate": lambda: HEADER.encode() + "O\ud800,2026-11-09T10:00:00,1\n".encode("utf-8", "surrogatepass"),
    "a NUL in a name": lambda: HEADER.encode() + b"O\0,2026-11-09T10:00:00,1\n",
    "too much money": lambda: HEADER.encode() + b"O1,2026-11-09T10:00:00," + b"9" * 400 + b"\n",
    "a year past all": lambda: HEADER.encode() + b"O1,99999-11-09T10:00:00,1\nO2,0000-00-00T00:00:00,1\n",
    "a zip of nothing": lambda: b"PK\x05\x06" + b"\0" * 18,
    "a torn workbook": lambda: workbook()[:900],
    "a workbook that is none": lambda: b"PK\x03\x04" + b"\xff" * 500,
    "a sheet that is no XML": lambda: workbook(xl_worksheets_sheet1_xml=b"<worksheet><sheetData><row>"),
    "entities in a sheet": lambda: workbook(
        xl_worksheets_sheet1_xml=(
            f'{ENTITIES}<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
            '<row r="1"><c r="A1" t="inlineStr"><is><t>&j;</t></is></c></row></sheetData></worksheet>'
        ).encode()
    ),
    "a file from this machine": lambda: workbook(
        xl_worksheets_sheet1_xml=(
            f'{ENTITIES}<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
            '<row r="1"><c r="A1" t="inlineStr"><is><t>&file;</t></is></c></row></sheetData></worksheet>'
        ).encode()
    ),
    "a workbook without sheets": lambda: workbook(xl_workbook_xml=b"<workbook/>"),
    "a row a million million lines down": lambda: sheet('<row r="1000000000000"><c r="A1"><v>1</v></c></row>'),
    "the last column on every line": lambda: sheet('<row><c r="ZZZ1"><v>1</v></c></row>' * 300),
    "a row without end": lambda: sheet(f"<row>{'<c/>' * 500_000}</row>"),
    "cells outside of rows": lambda: sheet("<c/>" * 500_000),
    "20,000 sheets": lambda: sheets(20_000),
    "a bomb of a sheet": lambda: bomb("xl/worksheets/sheet1.xml"),
    "a bomb of strings": lambda: bomb("xl/sharedStrings.xml"),
}  # fmt: skip


@pytest.fixture
def owner(cast: Cast, signed_in: Any, monkeypatch: pytest.MonkeyPatch) -> Browser:
    monkeypatch.setattr(measuring, "MOST_UNPACKED", 20 * 2**20)  # a real one takes long to make
    browser: Browser = signed_in(cast.owner)
    browser.raise_request_exception = False
    browser.get(PAGE)
    return browser


def memory() -> int:
    """Megabytes that this process had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def sent(owner: Browser, content: bytes, name: str, kind: str, before: dict[str, int]) -> list[str]:
    """What is wrong with the answers of the page and of the API; all they did is undone."""
    wrong = []
    with transaction.atomic():
        answer: Any = owner.post(PAGE, {"file": SimpleUploadedFile(name, content), "kind": kind})
        if answer.status_code == 302:
            answer = owner.get(answer["Location"])
            if answer.status_code != 200 or not text(answer):
                wrong.append(f"the page after it: {answer.status_code}")
        elif answer.status_code >= 500:
            wrong.append(f"the page: {answer.status_code}")
        else:
            if not list(refusals(answer)):
                wrong.append(f"the page says nothing: {answer.status_code}")
            if counted() != before:
                wrong.append("the page refused, and wrote")
        transaction.set_rollback(True)
    with transaction.atomic():
        told: Any = owner.post(API, data=content, content_type=WORKBOOK if content.startswith(b"PK") else "text/csv")
        if told.status_code not in (201, 400):
            wrong.append(f"the API: {told.status_code}")
        elif told.status_code == 400 and not (told.json().get("faults") or told.json().get("file")):
            wrong.append(f"the API says nothing: {told.json()}")
        stored = {name: count for name, count in counted().items() if name.rpartition(".")[2] not in KEPT_OF_REFUSED}
        if told.status_code == 400 and stored != {name: count for name, count in before.items() if name in stored}:
            wrong.append(f"the API refused, and wrote {[name for name in stored if stored[name] != before[name]]}")
        transaction.set_rollback(True)
    return wrong


# A refused file is listed for a week with what was wrong, and forgotten by a job.
KEPT_OF_REFUSED = ("campaigns_upload", "jobs_job")


def test_files_that_mean_ill_are_refused_soon_and_with_a_reason(owner: Browser) -> None:
    before, found = counted(), {}
    for called, make in HOSTILE.items():
        content, highest, began = make(), memory(), time.monotonic()
        wrong = sent(owner, content, "orders.csv", "", before)
        if time.monotonic() - began > SOON:
            wrong.append(f"{time.monotonic() - began:.0f} s")
        if memory() - highest > LITTLE:
            wrong.append(f"{memory() - highest} MB")
        if wrong:
            found[called] = wrong
    assert found == {}


def test_a_file_of_this_machine_is_shown_to_nobody(owner: Browser) -> None:
    answer: Any = owner.post(
        PAGE, {"file": SimpleUploadedFile("a.xlsx", HOSTILE["a file from this machine"]()), "kind": "orders"}, follow=True
    )
    assert b"root:" not in answer.content


def test_a_file_may_be_called_anything(owner: Browser) -> None:
    before, content = counted(), (HEADER + "O1,2026-11-09T10:00:00,80\n").encode()
    names = ("../../etc/passwd", "a\0b.csv", "\u202egnp.csv", '"><xss onx=1>.csv', "x" * 3_000, "a\r\nX: y.csv")
    assert {name[:20]: sent(owner, content, name, "orders", before) for name in names} == {name[:20]: [] for name in names}


def anything() -> st.SearchStrategy[bytes]:
    """Random bytes; sound files with some of their bytes changed; rows of random cells."""
    sound, book = (HEADER + "O1,2026-11-09T10:00:00,80\nO2,2026-11-10T10:00:00,81\n").encode(), workbook()

    def damaged(file: bytes) -> st.SearchStrategy[bytes]:
        return st.builds(
            lambda place, new: file[: place % len(file)] + new + file[place % len(file) + len(new) :], st.integers(0), st.binary(max_size=8)
        )

    cells = st.lists(st.lists(st.text(max_size=12), min_size=1, max_size=6), min_size=1, max_size=8)
    rows = cells.map(lambda lines: "\n".join(",".join(line) for line in lines).encode("utf-8", "surrogatepass"))
    return st.one_of(st.binary(min_size=1, max_size=400), damaged(sound), damaged(book), rows.map(lambda body: HEADER.encode() + body))


def looked_at(owner: Browser, examples: int) -> list[str]:
    before, found = counted(), list[str]()

    def look(content: bytes) -> None:
        found.extend(f"{fault}: {content[:200]!r}" for fault in sent(owner, content, "orders.csv", "orders", before))

    each(anything(), examples, look)
    return found


def test_any_bytes_are_taken_or_refused(owner: Browser) -> None:
    assert looked_at(owner, FEW) == []


@pytest.mark.long
def test_any_bytes_are_taken_or_refused_at_length(owner: Browser) -> None:
    assert looked_at(owner, MANY) == []
