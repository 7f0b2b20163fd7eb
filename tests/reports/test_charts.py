from __future__ import annotations

import random
import re
from decimal import Decimal
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from accounts.colours import NIGHT, PAPER, READABLE, VISIBLE, contrast, legible, on
from reports.charts import Chart, Series, Theme, Tick, axis, line_chart, palette, print_theme, sparkline, spread, stacked_bars, web_theme

_rng = random.Random(1)
BRANDS = [f"#{_rng.randrange(1 << 24):06x}" for _ in range(200)]
PRINT = print_theme(palette("#1f4e5f", "#e08e45"))


def chart(*values: tuple[float | None, ...], title: str = "Leads") -> Chart:
    series = tuple(Series(f"Series {n}", row, tuple("–" if v is None else f"{v:.0f}" for v in row)) for n, row in enumerate(values))
    weeks = tuple(f"W{number}" for number in range(1, len(values[0]) + 1))
    return Chart(title, "from first to last", weeks, series, (Tick(0, "0"), Tick(50, "50"), Tick(100, "100")))


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314 - our own


def texts(svg: str) -> list[tuple[float, float, str]]:
    root = parsed(svg)
    return [(float(e.attrib["x"]), float(e.attrib["y"]), e.text or "") for e in root.iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize("brand", BRANDS)
def test_any_brand_colour_can_be_read_as_text_on_light_and_on_dark(brand: str) -> None:
    for background in (PAPER, NIGHT):
        assert contrast(legible(brand, background), background) >= READABLE
    assert contrast(on(brand), brand) >= READABLE


@pytest.mark.parametrize("brand", BRANDS[:50])
def test_every_series_is_visible_and_its_name_readable_under_any_brand(brand: str) -> None:
    colours = palette(brand, BRANDS[-1])
    for inks, background in ((colours.light, PAPER), (colours.dark, NIGHT)):
        assert len(inks) == 6
        assert all(contrast(ink.fill, background) >= VISIBLE for ink in inks)
        assert all(contrast(ink.text, background) >= READABLE for ink in inks)


def test_a_colour_that_can_be_read_is_left_as_it_is() -> None:
    assert legible("#1f4e5f") == "#1f4e5f"


def test_two_alike_brand_colours_still_draw_two_different_lines() -> None:
    inks = palette("#1f4e5f", "#20505f").light
    assert inks[0].fill != inks[1].fill
    assert contrast(inks[0].fill, inks[1].fill) > 1.3


@pytest.mark.parametrize("theme", [web_theme(), PRINT])
def test_what_is_unknown_is_a_gap_never_a_zero(theme: Theme) -> None:
    with_gap = line_chart(chart((10, None, 30, 40)), theme, 400, 200)
    lines = re.findall(r' d="(M[^"]+)" fill="none"', with_gap)
    assert len(lines) == 1
    assert lines[0].count("L") == 1


def test_a_week_without_leads_data_shows_a_dash_in_place_of_a_bar() -> None:
    svg = stacked_bars(chart((10, None), (20, None)), PRINT, 400, 200)
    assert [text for _x, _y, text in texts(svg)].count("–") == 1


def test_the_axis_of_money_and_counts_holds_zero() -> None:
    assert axis([Decimal(71), Decimal(99)])[0] == 0
    assert axis([Decimal(71), Decimal(99)])[-1] >= 99
    assert axis([Decimal(-30), Decimal(99)])[0] <= -30
    assert list(map(float, axis([None, None]))) == [0, 0.25, 0.5, 0.75, 1]


def test_counts_have_no_half_ticks() -> None:
    assert list(map(int, axis([Decimal(2)], integers=True))) == [0, 1, 2]


@pytest.mark.parametrize("values", [((50.0, 50.0), (50.0, 51.0)), ((0.0, 0.0), (0.0, 0.0)), ((99.0, 100.0), (98.0, 100.0))])
def test_names_at_the_lines_ends_never_overlap(values: tuple[tuple[float, ...], ...]) -> None:
    svg = line_chart(chart(*values), PRINT, 400, 200)
    labels = sorted(y for x, y, text in texts(svg) if x > 300 and not text.startswith("W"))
    assert len(labels) == 4
    assert all(below - above >= PRINT.size for above, below in pairwise(labels))


def test_names_of_thin_layers_never_overlap_and_stay_in_the_picture() -> None:
    thin = [(1.0, 1.0)] * 5 + [(80.0, 80.0)]
    svg = stacked_bars(chart(*thin), PRINT, 400, 200)
    labels = sorted(y for x, y, text in texts(svg) if text.startswith("Series"))
    assert len(labels) == 6
    assert all(below - above >= PRINT.size for above, below in pairwise(labels))
    assert labels[0] > 0
    assert labels[-1] < 200


def test_spreading_keeps_order_and_distance() -> None:
    assert spread([10, 11, 90], 10, 0, 100) == [10, 20, 90]
    assert spread([99, 98], 10, 0, 100) == [100, 90]


def test_a_phone_gets_a_picture_of_its_own_with_larger_letters() -> None:
    wide, narrow = (
        line_chart(chart((1.0, 2.0)), web_theme(size), width, 280, narrow=small)
        for size, width, small in ((12, 540, False), (12.5, 340, True))
    )
    size, width = (re.search(pattern, narrow) for pattern in (r'font-size="([\d.]+)"', r'viewBox="0 0 (\d+)'))
    assert size is not None
    assert width is not None
    # On a screen of 390 pixels the picture is about 326 wide.
    assert float(size[1]) * 326 / float(width[1]) >= 11.5
    assert wide != narrow


def test_every_chart_says_in_words_what_it_shows() -> None:
    for svg in (line_chart(chart((1.0, 2.0)), web_theme(), 400, 200), stacked_bars(chart((1.0, 2.0)), PRINT, 400, 200)):
        root = parsed(svg)
        assert root.attrib["role"] == "img"
        assert root.attrib["aria-label"] == "Leads. from first to last"


def test_a_trend_beside_a_figure_is_decoration_without_a_filled_area() -> None:
    svg = sparkline((1.0, None, 3.0, 4.0), web_theme())
    assert 'aria-hidden="true"' in svg
    assert "fill-opacity" not in svg
    assert sparkline((None, 3.0), web_theme()) == ""


def test_the_page_needs_no_inline_style() -> None:
    svg = line_chart(chart((1.0, 2.0)), web_theme(), 400, 200)
    assert "style=" not in svg
    assert "var(--series-1)" in svg


def test_a_name_with_markup_stays_text() -> None:
    hostile = '<script>alert(1)</script>" onload="x'
    svg = line_chart(chart((1.0, 2.0), title=hostile), web_theme(), 400, 200)
    root = parsed(svg)
    assert "<script" not in svg
    assert set(root.attrib) >= {"role", "aria-label"}
    assert "onload" not in root.attrib


def test_a_charts_table_has_every_week_latest_first() -> None:
    assert chart((1.0, None), (3.0, 4.0)).rows == [("W2", ("–", "4")), ("W1", ("1", "3"))]
