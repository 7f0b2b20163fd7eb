"""A waterfall: how each part moved a figure from what it was to what it is.

Only the change is drawn, on a scale of its own, so that a small part of a large figure can be seen and no bar stands on a cut axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from reports.charts import Theme, picture, px, text_width, written

Tone = Literal["good", "bad", "neutral"]
ROW, BAR = 2.35, 1.15  # of the letters' size
FOOT = 0.6
ARROWS = {True: "▲ ", False: "▼ "}


@dataclass(frozen=True)
class Step:
    """One part: it moved the figure from `start` to `end`, both counted from what it was; `label` is its amount."""

    name: str
    label: str
    start: float
    end: float
    tone: Tone


@dataclass(frozen=True)
class WaterfallChart:
    """`previous` is the figure of `before`, `value` that of `after`, `change` the way between them, all as text."""

    title: str
    summary: str
    before: str
    previous: str
    after: str
    value: str
    change: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class _Frame:
    left: float
    right: float
    low: float
    high: float

    def x(self, value: float) -> float:
        return self.left + (value - self.low) / (self.high - self.low) * (self.right - self.left)


def height(chart: WaterfallChart, theme: Theme) -> float:
    return theme.size * (ROW * (len(chart.steps) + 2) + FOOT)


def waterfall(chart: WaterfallChart, theme: Theme, width: float) -> str:
    """A line for what the figure was, one for each part, one for what it is."""
    frame = _frame(chart, theme, width)
    last = chart.steps[-1].end if chart.steps else 0.0
    body = _ends(chart, frame, theme, width, last)
    for index, step in enumerate(chart.steps, start=1):
        body += _step(step, index, frame, theme, width)
    return picture(width, height(chart, theme), body, theme, (chart.title, chart.summary))


def _frame(chart: WaterfallChart, theme: Theme, width: float) -> _Frame:
    names = [chart.before, chart.after, *(step.name for step in chart.steps)]
    labels = [chart.previous, chart.value, *(f"{ARROWS[True]}{step.label}" for step in chart.steps)]
    left = min(max(text_width(name, theme.size, bold=True) for name in names) + theme.size, width * 0.42)
    right = width - max(text_width(label, theme.size, bold=True) for label in labels) - theme.size * 1.5
    low, high = _extent(chart.steps)
    return _Frame(left, right, low, high)


def _extent(steps: Sequence[Step]) -> tuple[float, float]:
    places = [0.0, *(step.start for step in steps), *(step.end for step in steps)]
    low, high = min(places), max(places)
    return (low, high) if high > low else (low, low + 1)


def _ends(chart: WaterfallChart, frame: _Frame, theme: Theme, width: float, last: float) -> str:
    """Both figures as text on lines of their own, and a fine line down from where the way begins."""
    size, count = theme.size, len(chart.steps)
    bottom = _middle(count + 1, size)
    zero = f'<path d="M{px(frame.x(0))} {px(_middle(0, size))}V{px(bottom)}" stroke="{theme.axis}" stroke-width="{px(size * 0.09)}"/>'
    parts = [zero]
    for index, name, value, at in ((0, chart.before, chart.previous, 0.0), (count + 1, chart.after, chart.value, last)):
        y = _middle(index, size)
        parts.append(written(0, y + size * 0.35, name, theme.ink, weight=800))
        parts.append(written(width, y + size * 0.35, value, theme.ink, weight=800, anchor="end"))
        parts.append(f'<circle cx="{px(frame.x(at))}" cy="{px(y)}" r="{px(size * 0.42)}" fill="{theme.series[0].fill}"/>')
    return "".join(parts)


def _step(step: Step, index: int, frame: _Frame, theme: Theme, width: float) -> str:
    size, y = theme.size, _middle(index, theme.size)
    colour = {"good": theme.good, "bad": theme.bad, "neutral": theme.mute}[step.tone]
    start, end = sorted((frame.x(step.start), frame.x(step.end)))
    # A part too small to see is a hairline; what it came to stands beside it.
    bar = f'x="{px(start)}" y="{px(y - size * BAR / 2)}" width="{px(max(end - start, size * 0.12))}" height="{px(size * BAR)}"'
    down = f"M{px(frame.x(step.end))} {px(y)}V{px(_middle(index + 1, size))}"
    to_next = f'<path d="{down}" stroke="{theme.axis}" stroke-width="{px(size * 0.09)}"/>'
    rule = f'<path d="M0 {px(y - size * ROW / 2)}H{px(width)}" stroke="{theme.grid}" stroke-width="{px(size * 0.07)}"/>'
    arrow = "" if step.start == step.end else ARROWS[step.end > step.start]
    return (
        f'{rule}{to_next}<rect {bar} fill="{colour}"/>'
        + written(0, y + size * 0.35, _shortened(step.name, theme, frame.left - size), theme.ink)
        + written(width, y + size * 0.35, f"{arrow}{step.label}", colour, weight=700, anchor="end")
    )


def _middle(index: int, size: float) -> float:
    return size * ROW * (index + 0.5)


def _shortened(name: str, theme: Theme, width: float) -> str:
    """`name`, cut where its column ends; the whole is in the chart's alternative text."""
    if text_width(name, theme.size) <= width:
        return name
    kept = name
    while len(kept) > 1 and text_width(kept + "…", theme.size) > width:
        kept = kept[:-1]
    return kept.rstrip() + "…"
