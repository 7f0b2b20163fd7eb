"""Charts as SVG text, for the page (CSS variables, so that dark mode works) and for print (hex colours).

A chart arrives with its words and figures already written in the reader's language; nothing is formatted here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from xml.sax.saxutils import escape, quoteattr

from accounts.colours import NIGHT, PAPER, VISIBLE, channels, legible

MAX_SERIES = 6


# ------------------------------------------------------------------------------------------------------------ colours
@dataclass(frozen=True)
class Ink:
    """One series' colours: its shape, and text in its name."""

    fill: str
    text: str


@dataclass(frozen=True)
class Palette:
    """`MAX_SERIES` inks for light and for dark surfaces, the brand's two first."""

    light: tuple[Ink, ...]
    dark: tuple[Ink, ...]


_COMPANIONS = ("#3f9290", "#8a5a83", "#b9a13a", "#6f81a0", "#6b8e4e", "#8c7b6b", "#4a6fa5", "#9c7bb5")


def palette(primary: str, accent: str) -> Palette:
    """Series colours of a brand. An accent too like the primary gives way to a companion, so that two lines differ."""
    companions = [colour for colour in _COMPANIONS if _distance(colour, primary) > 60 and _distance(colour, accent) > 60]
    second = [accent] if _distance(primary, accent) > 90 else []
    colours = [primary, *second, *companions, *_COMPANIONS][:MAX_SERIES]
    light = tuple(Ink(legible(colour, PAPER, VISIBLE), legible(colour, PAPER)) for colour in colours)
    # Thin lines on a dark ground look weaker than their contrast says: there, shapes are as bright as text.
    return Palette(light, tuple(Ink(legible(colour, NIGHT), legible(colour, NIGHT)) for colour in colours))


def _distance(one: str, other: str) -> float:
    return math.dist(channels(one), channels(other))


# --------------------------------------------------------------------------------------------------------- what is drawn
@dataclass(frozen=True)
class Series:
    """One line or one layer of bars; `labels` are its values as text. None is a gap. `is_beside`: a line that others are held against."""

    name: str
    values: tuple[float | None, ...]
    labels: tuple[str, ...]
    is_beside: bool = False


@dataclass(frozen=True)
class Mark:
    """Something that happened from one point to another, by its number in the text beneath."""

    number: int
    first: int
    last: int


@dataclass(frozen=True)
class Tick:
    value: float
    label: str


@dataclass(frozen=True)
class Chart:
    """`weeks` names the points from left to right, `head` what they are; `ticks` go from the axis' lowest to its highest value."""

    title: str
    summary: str
    weeks: tuple[str, ...]
    series: tuple[Series, ...]
    ticks: tuple[Tick, ...]
    head: str = ""
    marks: tuple[Mark, ...] = ()

    @property
    def rows(self) -> list[tuple[str, tuple[str, ...]]]:
        """The chart as a table: each week, latest first, with every series' figure."""
        figures = zip(*(series.labels for series in self.series), strict=True)
        return list(zip(self.weeks, figures, strict=True))[::-1]


def axis(values: Iterable[Decimal | None], *, integers: bool = False) -> tuple[Decimal, ...]:
    """Three to six round ticks that hold zero and every known value."""
    known = [value for value in values if value is not None]
    low, high = min([*known, Decimal(0)]), max([*known, Decimal(0)])
    if low == high:
        high = Decimal(1)
    step = _round_step((high - low) / 4)
    if integers:
        step = max(step, Decimal(1)).to_integral_value()
    first, last = math.floor(low / step), math.ceil(high / step)
    return tuple(step * index for index in range(first, last + 1))


def _round_step(rough: Decimal) -> Decimal:
    size = Decimal(10) ** rough.adjusted()
    return next(size * nice for nice in (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10)) if size * nice >= rough)


# -------------------------------------------------------------------------------------------------------------- themes
@dataclass(frozen=True)
class Theme:
    """Where a chart is shown: its colours, the size of its letters in its own units, whether scripts may read it."""

    ink: str
    mute: str
    grid: str
    axis: str
    paper: str
    font: str
    size: float
    series: tuple[Ink, ...]
    interactive: bool
    good: str
    bad: str


def web_theme(size: float = 12) -> Theme:
    series = tuple(Ink(f"var(--series-{number})", f"var(--series-{number}-text)") for number in range(1, MAX_SERIES + 1))
    good, bad = "var(--good)", "var(--bad)"
    return Theme("var(--ink)", "var(--mute)", "var(--line)", "var(--axis)", "var(--card)", "inherit", size, series, True, good, bad)


def print_theme(colours: Palette) -> Theme:
    return Theme("#1b2430", "#566170", "#e3e7ec", "#a9b2bd", PAPER, "Manrope", 7.6, colours.light, False, "#18794e", "#b42318")


@dataclass(frozen=True)
class Frame:
    """The plotting area inside a picture of `width` by `height`, and its scales."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    low: float
    high: float
    points: int

    def y(self, value: float) -> float:
        return self.bottom - (value - self.low) / (self.high - self.low) * (self.bottom - self.top)

    def at(self, index: int) -> float:
        """The x of a point of a line."""
        return self.left + index / max(1, self.points - 1) * (self.right - self.left)

    def middle(self, index: int) -> float:
        """The x of the middle of a bar."""
        return self.left + (index + 0.5) / self.points * (self.right - self.left)


# -------------------------------------------------------------------------------------------------------------- charts
def sparkline(values: Sequence[float | None], theme: Theme, width: float = 96, height: float = 28) -> str:
    """A decorative line without axis or filled area; "" where fewer than two values are known."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return ""
    pad = 3.5
    low, high = min(known), max(known)
    frame = Frame(width, height, pad, width - pad, pad, height - pad, low, high if high > low else low + 1, len(values))
    points = [None if value is None else (frame.at(i), frame.y(value)) for i, value in enumerate(values)]
    colour = theme.series[0].fill
    body = _lines(points, colour, 1.6) + (_dot(points[-1], colour, 2.6, theme.paper) if points[-1] else "")
    return svg(width, height, body, theme, decorative=True)


def line_chart(chart: Chart, theme: Theme, width: float, height: float, *, narrow: bool = False) -> str:
    """Lines over weeks on an axis that holds zero, each named at its end; `narrow` names them in rows on top instead."""
    ends = [_last_known(series) for series in chart.series]
    texts = [(series.name, label) for series, (_, label) in zip(chart.series, ends, strict=True)]
    frame = _frame(chart, theme, width, height, [] if narrow else [max(pair, key=len) for pair in texts], len(texts) if narrow else 0)
    body = _grid(chart, frame, theme) + _week_labels(chart, frame, theme, [frame.at(i) for i in range(frame.points)])
    body += _marks(chart, frame, theme)
    inks = _inks(chart, theme)
    # What is held against others lies below them.
    for series, ink in sorted(zip(chart.series, inks, strict=True), key=lambda pair: not pair[0].is_beside):
        points = [None if value is None else (frame.at(i), frame.y(value)) for i, value in enumerate(series.values)]
        line = _lines(points, ink.fill, theme.size * (0.13 if series.is_beside else 0.2))
        body += f'<g stroke-dasharray="{px(theme.size * 0.4)} {px(theme.size * 0.3)}">{line}</g>' if series.is_beside else line
        body += "" if series.is_beside else _dot(points[-1], ink.fill, theme.size * 0.34, theme.paper)
    if narrow:
        body += _legend(chart, theme, [f"{name} · {label}" for name, label in texts], 1, width, inks)
    else:
        heights = [frame.y(value) for value, _ in ends]
        body += _end_labels(texts, heights, frame, theme, inks)
    return svg(width, height, body, theme, chart, frame, [frame.at(i) for i in range(frame.points)])


def stacked_bars(chart: Chart, theme: Theme, width: float, height: float, *, narrow: bool = False) -> str:
    """Bars over weeks, one layer per series from the bottom up; a week of which nothing is known shows a dash."""
    names = [series.name for series in chart.series]
    rows = math.ceil(len(names) / 2)
    frame = _frame(chart, theme, width, height, [] if narrow else names, rows if narrow else 0)
    middles = [frame.middle(index) for index in range(frame.points)]
    body = _grid(chart, frame, theme) + _week_labels(chart, frame, theme, middles)
    body += _bars(chart, frame, theme)
    if narrow:
        body += _legend(chart, theme, names, 2, width)
    else:
        body += _end_labels([(name, "") for name in names], _layer_middles(chart, frame), frame, theme)
    return svg(width, height, body, theme, chart, frame, middles)


def _frame(chart: Chart, theme: Theme, width: float, height: float, beside: Sequence[str], rows_above: int) -> Frame:
    size = theme.size
    left = max((text_width(tick.label, size) for tick in chart.ticks), default=0) + size * 0.9
    right = max((text_width(text, size, bold=True) for text in beside), default=0) + (size * 1.6 if beside else size * 0.7)
    top = size * (1 + rows_above * 1.7 + (0.6 if rows_above else 0))
    low, high = chart.ticks[0].value, chart.ticks[-1].value
    return Frame(width, height, left, width - right, top, height - size * 2.4, low, high, len(chart.weeks))


def _inks(chart: Chart, theme: Theme) -> list[Ink]:
    """One for each series; what others are held against is grey."""
    colours = iter(theme.series)
    return [Ink(theme.axis, theme.mute) if series.is_beside else next(colours) for series in chart.series]


def _marks(chart: Chart, frame: Frame, theme: Theme) -> str:
    """A line or a band for each, with its number on top; those of one point share it."""
    parts, size, above = [], theme.size, dict[int, int]()
    for mark in chart.marks:
        left, right = frame.at(mark.first), frame.at(mark.last)
        row = above[mark.first] = above.get(mark.first, -1) + 1
        if mark.last > mark.first:
            box = f'x="{px(left)}" y="{px(frame.top)}" width="{px(right - left)}" height="{px(frame.bottom - frame.top)}"'
            parts.append(f'<rect {box} fill="{theme.axis}" fill-opacity="0.14"/>')
        line = f'd="M{px(left)} {px(frame.top)}V{px(frame.bottom)}" stroke="{theme.mute}" stroke-width="{px(size * 0.08)}"'
        parts.append(f'<path {line} stroke-dasharray="{px(size * 0.17)} {px(size * 0.25)}"/>')
        y = frame.top + size * (0.2 + 1.5 * row)
        parts.append(f'<circle cx="{px(left)}" cy="{px(y)}" r="{px(size * 0.68)}" fill="{theme.mute}"/>')
        parts.append(written(left, y + size * 0.34, str(mark.number), theme.paper, weight=800, anchor="middle"))
    return "".join(parts)


def _last_known(series: Series) -> tuple[float, str]:
    pairs = [(value, label) for value, label in zip(series.values, series.labels, strict=True) if value is not None]
    return pairs[-1] if pairs else (0.0, "")


def _grid(chart: Chart, frame: Frame, theme: Theme) -> str:
    parts = []
    for tick in chart.ticks:
        y, base = frame.y(tick.value), tick.value == 0
        colour, weight = (theme.axis, 0.09) if base else (theme.grid, 0.07)
        parts.append(f'<path d="M{px(frame.left)} {px(y)}H{px(frame.right)}" stroke="{colour}" stroke-width="{px(theme.size * weight)}"/>')
        parts.append(written(frame.left - theme.size * 0.6, y + theme.size * 0.35, tick.label, theme.mute, anchor="end"))
    return "".join(parts)


def _week_labels(chart: Chart, frame: Frame, theme: Theme, places: Sequence[float]) -> str:
    widest = max((text_width(week, theme.size) for week in chart.weeks), default=0) + theme.size
    every = max(1, math.ceil(widest * len(places) / max(1.0, frame.right - frame.left)))
    shown = range(len(places) - 1, -1, -every)
    y = frame.height - theme.size * 0.5
    return "".join(written(places[index], y, chart.weeks[index], theme.mute, anchor="middle") for index in shown)


def _lines(points: Sequence[tuple[float, float] | None], colour: str, weight: float) -> str:
    """Stretches of known points; a gap stays a gap, and a point alone between gaps is drawn as a dot."""
    runs: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is None:
            runs.append([])
        else:
            runs[-1].append(point)
    path = "".join("M" + "L".join(f"{px(x)} {px(y)}" for x, y in run) for run in runs if len(run) > 1)
    dots = "".join(f'<circle cx="{px(run[0][0])}" cy="{px(run[0][1])}" r="{px(weight)}" fill="{colour}"/>' for run in runs if len(run) == 1)
    stroke = f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{px(weight)}" stroke-linejoin="round" stroke-linecap="round"/>'
    return (stroke if path else "") + dots


def _dot(point: tuple[float, float] | None, colour: str, radius: float, paper: str) -> str:
    if point is None:
        return ""
    ring = f'stroke="{paper}" stroke-width="{px(radius * 0.4)}"'
    return f'<circle cx="{px(point[0])}" cy="{px(point[1])}" r="{px(radius)}" fill="{colour}" {ring}/>'


def _bars(chart: Chart, frame: Frame, theme: Theme) -> str:
    """One path per layer, and a dash in place of each bar of which nothing is known."""
    width = min((frame.right - frame.left) / frame.points * 0.66, theme.size * 4)
    bases = [0.0] * frame.points
    parts = []
    for series, ink in zip(chart.series, theme.series, strict=False):
        path = ""
        for index, value in enumerate(series.values):
            top, bottom = frame.y(bases[index] + (value or 0.0)), frame.y(bases[index])
            bases[index] += value or 0.0
            # A hairline of paper keeps neighbouring layers apart without relying on their hues.
            height = bottom - top - theme.size * 0.08
            if height > 0:
                path += f"M{px(frame.middle(index) - width / 2)} {px(top)}h{px(width)}v{px(height)}h-{px(width)}z"
        parts.append(f'<path d="{path}" fill="{ink.fill}"/>' if path else "")
    unknown = [index for index in range(frame.points) if all(series.values[index] is None for series in chart.series)]
    parts += [written(frame.middle(index), frame.y(0) - theme.size * 0.5, "–", theme.mute, anchor="middle") for index in unknown]
    return "".join(parts)


def _layer_middles(chart: Chart, frame: Frame) -> list[float]:
    base, heights = 0.0, []
    for series in chart.series:
        value = series.values[-1] or 0.0
        heights.append(frame.y(base + value / 2))
        base += value
    return heights


def _end_labels(
    texts: Sequence[tuple[str, str]], heights: Sequence[float], frame: Frame, theme: Theme, inks: Sequence[Ink] | None = None
) -> str:
    """A name and, where given, its last value under it, right of the plot; pushed apart until none touches another."""
    size = theme.size
    lines = 2 if any(value for _, value in texts) else 1
    x = frame.right + size * 1.0
    parts = []
    for index, y in enumerate(spread(heights, size * 1.32 * lines, frame.top, frame.bottom)):
        (name, value), ink = texts[index], (inks or theme.series)[index]
        first = y + size * (0.35 if lines == 1 else -0.3)
        parts.append(written(x, first, name, ink.text, weight=600 if value else 700))
        if value:
            parts.append(written(x, first + size * 1.25, value, ink.text, weight=800))
    return "".join(parts)


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Places as near to `wanted` as keeps them `gap` apart, in the same order, between `low` and `high` if they fit."""
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    places = list(wanted)
    floor = low
    for index in order:
        places[index] = floor = max(places[index], floor)
        floor += gap
    ceiling = high
    for index in reversed(order):
        places[index] = ceiling = min(places[index], ceiling)
        ceiling -= gap
    return places


def _legend(chart: Chart, theme: Theme, texts: Sequence[str], columns: int, width: float, inks: Sequence[Ink] | None = None) -> str:
    size, parts = theme.size, []
    for index, text in enumerate(texts):
        x, y = (index % columns) * width / columns, size * (1.1 + (index // columns) * 1.7)
        ink = (inks or theme.series)[index]
        mark = f'x="{px(x)}" y="{px(y - size * 0.62)}" width="{px(size * 0.75)}" height="{px(size * 0.75)}" rx="{px(size * 0.2)}"'
        parts.append(f'<rect {mark} fill="{ink.fill}"/>' + written(x + size * 1.2, y, text, ink.text, weight=700))
    return "".join(parts)


# ----------------------------------------------------------------------------------------------------------------- SVG
def px(value: float) -> str:
    """A length or place of a drawing."""
    return f"{value:.1f}".removesuffix(".0")


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """A width that the text does not exceed by much; the typeface's own metrics are not at hand here."""
    ems = sum(0.3 if character.isspace() else 0.66 if character.isdigit() or character.isupper() else 0.54 for character in text)
    return ems * size * (1.05 if bold else 1)


def written(x: float, y: float, text: str, colour: str, *, weight: int = 0, anchor: str = "") -> str:
    more = (f' font-weight="{weight}"' if weight else "") + (f' text-anchor="{anchor}"' if anchor else "")
    # Fallback fonts draw the narrow space too narrow to be seen at this size.
    shown = escape(text.replace("\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}"))
    return f'<text x="{px(x)}" y="{px(y)}" fill="{colour}"{more}>{shown}</text>'


def svg(
    width: float,
    height: float,
    body: str,
    theme: Theme,
    chart: Chart | None = None,
    frame: Frame | None = None,
    places: Sequence[float] = (),
    *,
    decorative: bool = False,
) -> str:
    described = None if chart is None or decorative else (chart.title, chart.summary)
    data = _plot(frame, places) if frame and places and theme.interactive else ""
    return picture(width, height, body, theme, described, data)


def picture(width: float, height: float, body: str, theme: Theme, described: tuple[str, str] | None, data: str = "") -> str:
    """The whole drawing, `described` by a title and a text in its place; without these it is decoration."""
    if described is None:
        role, words = ' aria-hidden="true"', ""
    else:
        title, summary = described
        role = f' role="img" aria-label={quoteattr(f"{title}. {summary}")}'
        words = f"<title>{escape(title)}</title><desc>{escape(summary)}</desc>" if not theme.interactive else ""
    size = "" if theme.interactive else f' width="{px(width)}" height="{px(height)}"'
    font = f' font-family="{theme.font}" font-size="{theme.size}" font-weight="500"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {px(width)} {px(height)}"{size}{font}{role}{data}>'
    return f"{head}{words}{body}</svg>"


def _plot(frame: Frame, places: Sequence[float]) -> str:
    """What the script that shows figures reads beside the chart's table: the first and the last point's x, the plot's top and bottom."""
    return f' data-plot="{px(places[0])} {px(places[-1])} {px(frame.top)} {px(frame.bottom)}"'
