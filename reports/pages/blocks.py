"""A page from top to bottom: each block is a template and what it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from reports.charts import Chart, Theme, line_chart, stacked_bars, web_theme
from reports.charts.waterfall import waterfall
from reports.failing import FIGURES, PARTS, attempt
from reports.pages.asked import Asked
from reports.pages.catalogue import Page
from reports.pages.parts import UNDIVIDED
from reports.presentation import Presentation
from reports.presentation.parts import Column, Row, Table

# Of the charts, beside one another on a wide page, and alone on a phone.
WIDE, NARROW = 540.0, 340.0
HEIGHT, STACKED_HEIGHT = 280.0, 320.0
# Lines of a table that one page shows.
PAGE_SIZE = 100
# The head of each line of a table, and its cells.
Rows = list[tuple[str, tuple[str, ...]]]
TABLES = ("channels", "campaigns", "times", "mailings", "pages", "posts")
# Sections that charts show, and those of further parts by the field of the presentation.
OF_CHARTS = ("courses", "by_channel")
PLACED = (("contributions", "moves"), ("pace", "month"), ("funnel", "funnel"), ("ranking", "ranking"), ("notes", "notes"))


@dataclass(frozen=True)
class Block:
    """`of` is what `template` shows, of the section `part`."""

    template: str
    of: Any
    part: str


@dataclass(frozen=True)
class Picture:
    """A chart for wide pages and for phones; `file` is where it is a picture, `head` what its table's lines are, and `lines` these."""

    name: str
    title: str
    svg: SafeString
    narrow: SafeString
    head: str
    names: tuple[str, ...]
    lines: SafeString
    file: str


@dataclass(frozen=True)
class Curve:
    """A chart over time of the section `part`, with what draws it and how high it is on a phone."""

    part: str
    name: str
    chart: Chart
    draw: Callable[..., str]
    height: float


@dataclass(frozen=True)
class Head:
    """A column's head: `url` leads to its figure or sorts by it; `order` is how the table is sorted by it now, "" if it is not."""

    column: Column
    url: str
    order: str = ""


@dataclass(frozen=True)
class Line:
    row: Row
    url: str


@dataclass(frozen=True)
class Listing:
    """A table with its addresses. `earlier` and `later` are those of its other pages, "" where there is none."""

    name: str
    table: Table
    name_head: Head
    heads: tuple[Head, ...]
    lines: tuple[Line, ...]
    is_sorted: bool
    files: dict[str, str]
    shown: str
    earlier: str
    later: str


@dataclass(frozen=True)
class Laid:
    """What a page is laid out from. `failed`: sections that could not be told."""

    page: Page
    asked: Asked
    presentation: Presentation
    failed: frozenset[str] = frozenset()

    @property
    def slug(self) -> str:
        return self.presentation.client_slug

    def blocks(self) -> Iterator[Block]:
        """Each section in its place; of one that failed, its name."""
        if FIGURES in self.failed:
            yield Block("failed", _(PARTS[FIGURES]), FIGURES)
            return
        for part, block in self._placed():
            if part in self.failed:
                yield Block("failed", _(PARTS[part]), part)
            elif block:
                yield block

    def _placed(self) -> Iterator[tuple[str, Block | None]]:
        """By section what there is to show of it, from top to bottom."""
        shown = self.presentation
        if "summary" in self.parts and shown.tiles:
            yield "tiles", Block("summary", shown, "tiles")
        yield "tiles", Block("tiles", shown.tiles, "tiles")
        yield from ((part, None) for part in OF_CHARTS)
        pictures = list(self.pictures())
        if pictures:
            yield "charts", Block("charts", pictures, "charts")
        for part, name in PLACED:
            of = getattr(shown, name)
            yield part, Block(name, of, part) if name in self.parts and of else None
        for name in TABLES:
            table = getattr(shown, name)
            is_told = table is not None and table.columns and (table.rows or name in self.columns)
            yield name, Block("table", attempt(name, self.listing, name, table), name) if is_told else None
        yield "retention", Block("retention", shown.retention, "retention") if "retention" in self.parts and shown.retention else None
        yield "sources", Block("data", shown, "sources")

    @property
    def parts(self) -> list[str]:
        """Those that what is asked can be told of."""
        return [part for part in self.page.parts if not (self.asked.only and part in UNDIVIDED)]

    @property
    def columns(self) -> dict[str, tuple[str, ...]]:
        found = {"channels": self.page.columns, "campaigns": self.page.campaigns, "times": self.page.times}
        return {name: columns for name, columns in found.items() if columns}

    def pictures(self) -> Iterator[Picture]:
        for curve in self.curves():
            yield attempt(curve.part, self._curve, curve)
        if "waterfalls" in self.parts:
            yield from attempt("contributions", list, self._waterfalls())

    def curves(self) -> Iterator[Curve]:
        """Every chart over time."""
        for number, chart in enumerate(self.presentation.courses, start=1):
            yield Curve("courses", f"course-{number}", chart, line_chart, HEIGHT)
        for slug, chart in self.presentation.layers.items():
            yield Curve("by_channel", f"{slug}-by-channel", chart, stacked_bars, STACKED_HEIGHT)

    def _curve(self, curve: Curve) -> Picture:
        name, chart, draw = curve.name, curve.chart, curve.draw
        wide, narrow = draw(chart, web_theme(), WIDE, HEIGHT), draw(chart, web_theme(12.5), NARROW, curve.height, narrow=True)
        names = tuple(series.name for series in chart.series)
        return Picture(name, chart.title, _safe(wide), _safe(narrow), chart.head, names, _lines(chart.rows), self.file(name, "png"))

    def _waterfalls(self) -> Iterator[Picture]:
        for number, chart in enumerate(self.presentation.waterfalls, start=1):
            name = f"change-{number}"
            rows: Rows = [(step.name, (step.label,)) for step in chart.steps]
            wide, narrow = (_safe(waterfall(chart, theme, width)) for theme, width in ((web_theme(), WIDE), (web_theme(12.5), NARROW)))
            yield Picture(name, chart.title, wide, narrow, _("Channel"), (_("Change"),), _lines(rows), self.file(name, "png"))

    def listing(self, name: str, table: Table) -> Listing:
        is_sorted = name == "campaigns" and self.page.listed is None
        first = (self.asked.page - 1) * PAGE_SIZE if is_sorted else 0
        rows = table.rows[first : first + PAGE_SIZE]
        last = first + len(rows)
        words = {"first": first + 1, "last": last, "all": len(table.rows)}
        return Listing(
            name,
            table,
            self._head(Column("name", table.name_header, ""), is_sorted, name),
            tuple(self._head(column, is_sorted, name) for column in table.columns),
            tuple(Line(row, self._target(name, row)) for row in rows),
            is_sorted,
            {"CSV": self.file(name, "csv"), "Excel": self.file(name, "xlsx")},
            _("%(first)d to %(last)d of %(all)d") % words if len(table.rows) > PAGE_SIZE else "",
            self._page_url(self.asked.page - 1) if first else "",
            self._page_url(self.asked.page + 1) if last < len(table.rows) else "",
        )

    def _head(self, column: Column, is_sorted: bool, name: str) -> Head:
        if is_sorted and not column.is_change:
            return self._sorting(column)
        if column.slug == "name":
            return Head(column, "")
        by = {"channels": "channel", "campaigns": "campaign"}.get(name, "channel")
        return Head(column, f"{reverse('figure', args=[self.slug, column.slug])}?{self.asked.figure_query()}&by={by}")

    def _sorting(self, column: Column) -> Head:
        """Figures are sorted from the largest on first, names from A on; asked again, the other way round."""
        is_asked = self.asked.sort == column.slug
        desc = not self.asked.desc if is_asked else column.slug != "name"
        order = ("descending" if self.asked.desc else "ascending") if is_asked else ""
        query = self.asked.query(("page", "desc"), sort=column.slug, desc="true" if desc else "")
        return Head(column, f"?{query}#table-campaigns", order)

    def _target(self, name: str, row: Row) -> str:
        """Where a line leads: a channel to its campaigns, a campaign to its days, a post to itself."""
        if row.url:
            return row.url
        if not row.key or name not in ("channels", "campaigns"):
            return ""
        without = ("sort", "desc", "page", "channel", "campaign")
        query = self.asked.query(without, **{name.removesuffix("s"): row.key})
        return f"{reverse('campaigns', args=[self.slug])}?{query}"

    def _page_url(self, number: int) -> str:
        return f"?{self.asked.query(page=str(number) if number > 1 else '')}#table-campaigns"

    def file(self, part: str, kind: str) -> str:
        return f"{reverse('page_file', args=[self.slug, self.page.name, part, kind])}?{self.asked.query(('page',))}"


def drawn(laid: Laid, name: str, theme: Theme) -> tuple[str, str] | None:
    """A chart by its name, as (title, SVG); None where the page has no such chart."""
    for curve in laid.curves():
        if curve.name == name:
            return curve.chart.title, curve.draw(curve.chart, theme, WIDE, HEIGHT)
    for number, way in enumerate(laid.presentation.waterfalls, start=1):
        if name == f"change-{number}" and "waterfalls" in laid.parts:
            return way.title, waterfall(way, theme, WIDE)
    return None


def _lines(rows: Rows) -> SafeString:
    """A table's body; a template takes as long for these hundreds of cells as for all the rest of a page."""
    return _safe(
        "".join(f'<tr><th scope="row">{escape(head)}</th><td>{"</td><td>".join(map(escape, cells))}</td></tr>' for head, cells in rows)
    )


def _safe(svg: str) -> SafeString:
    return mark_safe(svg)  # noqa: S308 - our own, its texts escaped
