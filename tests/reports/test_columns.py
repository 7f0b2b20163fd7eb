"""Columns of printed tables have room for every figure, and names that are too long are given more lines."""

from __future__ import annotations

from typing import Any

import pytest

from reports.rendering import columns


def table(name: str, figure: str, columns_of_it: int = 3) -> dict[str, Any]:
    cells = [{"text": figure, "change": None, "target": None}] * columns_of_it
    row = {"name": name, "channel": "", "cells": cells}
    heads = [{"header": "Leads", "provisional": ""}] * columns_of_it
    return {"columns": heads, "rows": [row], "total": row | {"name": "Total"}}


def test_figures_are_all_alike_wide_so_that_they_stand_below_each_other() -> None:
    assert {columns.width(digit, 8, 500) for digit in "0123456789"} == {columns.width("0", 8, 500)}
    assert columns.width("1\u202f204", 8, 800) > columns.width("1204", 8, 800)


@pytest.mark.parametrize("figure", ["–", "1\u202f204", "€10,185,889,896"])
def test_a_column_has_room_for_its_widest_figure_or_its_head(figure: str) -> None:
    widths = columns.laid_out(table("Display", figure), "Target")["widths"]
    assert min(widths) >= max(columns.width(figure, 8, 800), columns.width("Leads", 7.5, 700)) + columns.PADDING


def test_a_name_longer_than_its_column_and_figures_that_leave_names_no_room_are_measured_when_they_are_drawn() -> None:
    assert columns.laid_out(table("Display", "12"), "Target")["lines"] == [1]
    assert columns.laid_out(table("Display " * 20, "12"), "Target")["lines"] == [None]
    assert columns.laid_out(table("Display", "€10,185,889,896", 8), "Target") == {"widths": None, "lines": [None]}
