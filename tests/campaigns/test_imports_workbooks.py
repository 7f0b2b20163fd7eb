"""Workbooks of Excel."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from campaigns.imports import propose
from campaigns.imports.reasons import Reason
from tests.campaigns.importing import MAPPED, read

# A workbook knows no time zones.
MIDNIGHT = datetime(2026, 8, 2)  # noqa: DTZ001
LATE = datetime(2026, 8, 1, 9, 59, 59, 999_997)  # noqa: DTZ001


class TestWorkbooks:
    @pytest.fixture
    def workbook(self, tmp_path: Path) -> Callable[..., Path]:
        openpyxl = pytest.importorskip("openpyxl")

        def write(*sheets: list[list[object]]) -> Path:
            book = openpyxl.Workbook()
            for number, rows in enumerate(sheets):
                sheet = book.active if number == 0 else book.create_sheet()
                sheet.title = f"Sheet {number}"
                for row in rows:
                    sheet.append(row)
            path = tmp_path / "export.xlsx"
            book.save(path)
            return path

        return write

    def test_days_and_numbers_are_what_they_are_whatever_the_style(self, workbook: Callable[..., Path]) -> None:
        path = workbook(
            [
                ["Rapport"],
                [],
                ["Jour", "Campagne", "Clics", "Coût", "Remarque"],
                [date(2026, 8, 1), "A", 3, 0.1 + 0.2, None],
                [MIDNIGHT, 2026, 4.0, "1 234,56 €", True],
                ["Total", None, 7, 3.3, None],
            ]
        )
        rows, faults, sums = read(path, "ads", replace(MAPPED, skip_lines=2))
        assert [str(fault) for fault in faults] == []
        assert [(row["date"].day, row["campaign"], row["clicks"], row["spend"]) for row in rows] == [
            (1, "A", 3, 300_000_000),
            (2, "2026", 4, 1_234_560_000_000),
        ]
        assert sums == 1

    def test_a_moment_is_to_the_second(self, workbook: Callable[..., Path]) -> None:
        path = workbook([["lead_id", "created_at"], ["L1", LATE], ["L2", time(10)]])
        rows, faults, _ = read(path, "leads", None)
        assert rows[0]["created_at"] == datetime(2026, 8, 1, 8, tzinfo=UTC)
        assert [(fault.line, fault.reason) for fault in faults] == [(3, Reason.NOT_AN_INSTANT)]

    def test_a_named_sheet_is_read(self, workbook: Callable[..., Path]) -> None:
        path = workbook([["nothing"]], [["Jour", "Campagne", "Clics", "Coût"], [date(2026, 8, 1), "A", 3, 1]])
        assert read(path, "ads", replace(MAPPED, sheet="Sheet 1"))[0][0]["clicks"] == 3
        _rows, faults, _ = read(path, "ads", replace(MAPPED, sheet="Sheet 9"))
        assert "the workbook has no sheet of that name; it has Sheet 0, Sheet 1" in str(faults[0])
        assert propose(path).sheets == ["Sheet 0", "Sheet 1"]
        assert propose(path, sheet="Sheet 1").kind == "ads"

    def test_an_export_as_workbook_is_recognised(self, workbook: Callable[..., Path]) -> None:
        path = workbook([["Campaign name", "Day", "Account ID", "Amount spent (EUR)"], ["Look", date(2026, 8, 1), 42, 12.5]])
        proposal = propose(path)
        assert (proposal.preset, proposal.missing) == ("meta_ads", [])
        rows, faults, _ = read(path, "ads", proposal.mapping)
        assert (rows[0]["spend"], rows[0]["account"], rows[0]["currency"], faults) == (12_500_000_000, "42", "EUR", [])

    def test_a_broken_one_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "broken.xlsx"
        path.write_bytes(b"PK\x03\x04" + b"\x00" * 100)
        assert [fault.reason for fault in read(path, "ads", None)[1]] == [Reason.NOT_A_WORKBOOK]

    def test_one_that_unpacks_to_more_than_can_be_is_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("campaigns.imports.measuring.MOST_UNPACKED", 2**20)
        path = tmp_path / "bomb.xlsx"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("xl/workbook.xml", b"0" * 2**21)
        assert [str(fault) for fault in read(path, "ads", None)[1]] == ["line 0: more than 1 MB once unpacked; save the sheet as CSV"]

    def test_as_many_cells_as_are_read_are_read_and_one_more_is_refused(
        self, workbook: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = workbook([["date", "source", "account", "campaign"], [date(2026, 8, 1), "x", None, "A"]])
        monkeypatch.setattr("campaigns.imports.measuring.MOST_CELLS", 2 * 4)
        assert Reason.TOO_MANY_CELLS not in [fault.reason for fault in read(path, "ads", None)[1]]
        monkeypatch.setattr("campaigns.imports.measuring.MOST_CELLS", 2 * 4 - 1)
        assert [fault.reason for fault in read(path, "ads", None)[1]] == [Reason.TOO_MANY_CELLS]

    def test_one_of_more_sheets_than_anybody_looks_through_is_refused(
        self, workbook: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = workbook([["date"]], [["date"]], [["date"]])
        monkeypatch.setattr("campaigns.imports.measuring.MOST_SHEETS", 2)
        assert [str(fault) for fault in read(path, "ads", None)[1]] == ["line 0: more than 2 sheets; save the sheet as CSV"]

    @settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.tuples(st.integers(0, 10_000), st.binary(min_size=1, max_size=3)), min_size=1, max_size=5))
    def test_spoilt_bytes_are_refused_or_read_and_never_an_error(
        self, workbook: Callable[..., Path], spoilt: list[tuple[int, bytes]]
    ) -> None:
        path = workbook([["lead_id", "created_at"], ["L1", date(2026, 8, 1)]])
        whole = bytearray(path.read_bytes())
        for place, spoil in spoilt:
            at = 4 + place % (len(whole) - 4)
            whole[at : at + len(spoil)] = spoil
        path.write_bytes(whole)
        rows, faults, _ = read(path, "leads", None)
        assert faults or rows == [{"lead_id": "L1", "created_at": datetime(2026, 7, 31, 22, tzinfo=UTC)}] or len(rows) <= 1
