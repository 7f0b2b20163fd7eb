"""What a presentation consists of: plain data whose every figure is text already."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from django.utils.safestring import SafeString, mark_safe

from reports.charts import Chart, Palette, sparkline, web_theme
from reports.content import Notes

if TYPE_CHECKING:
    from reports.charts.waterfall import WaterfallChart
    from reports.content import Length
    from reports.presentation.correcting import Corrections
    from reports.presentation.funnel import Funnel
    from reports.presentation.lines import Line
    from reports.presentation.moves import Moves
    from reports.presentation.pacing import Month
    from reports.presentation.rankings import Ranking
    from reports.presentation.rates import Rate
    from reports.presentation.retention import Triangle
    from reports.presentation.scorecard import Scorecard
    from reports.presentation.targets import Target

Tone = Literal["good", "bad", "neutral"]
Arrow = Literal["up", "down", "none"]
State = Literal["ok", "moving", "incomplete", "lost"]


@dataclass(frozen=True)
class Change:
    """How a figure moved: `text` with its sign, an arrow, and what that means for this KPI as a word ("" if nothing)."""

    text: str
    arrow: Arrow
    tone: Tone
    word: str


@dataclass(frozen=True)
class Tile:
    """One headline figure; `title` is its full name.

    `reason` says why `value` is a dash; `change` is None where there is nothing to compare with; `provisional` is that word
    where the figure may still move, else "". `average` tells the mean of the four periods before ("" for none).
    """

    slug: str
    label: str
    title: str
    short: str
    value: str
    change: Change | None
    previous: str
    reason: str
    provisional: str
    trend: tuple[float | None, ...]
    trend_summary: str
    average: str = ""
    target: Target | None = None

    @property
    def sparkline(self) -> SafeString:
        """The trend as a picture for the page."""
        return mark_safe(sparkline(self.trend, web_theme(), 160, 30))  # noqa: S308 - numbers only


@dataclass(frozen=True)
class Column:
    """A KPI's column, or the column beside it that says how the KPI changed. `provisional` is that word, or ""."""

    slug: str
    header: str
    title: str
    is_change: bool = False
    provisional: str = ""


@dataclass(frozen=True)
class Cell:
    """One figure of a table; `reason` says why `text` is a dash, `target` what was aimed at."""

    column: Column
    text: str
    change: Change | None = None
    reason: str = ""
    is_provisional: bool = False
    target: Target | None = None


@dataclass(frozen=True)
class Row:
    """`share` is the row's part of the table's main column, 0 to 100, for a bar; None where there is none to draw.

    `key`: the content's; `url`: where the thing itself is, elsewhere.
    """

    name: str
    channel: str
    cells: tuple[Cell, ...]
    share: int | None
    key: str = ""
    url: str = ""


@dataclass(frozen=True)
class Table:
    """`notes` explain the dashes, `provisional` the columns that may still move ("" if there are none)."""

    title: str
    name_header: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    total: Row
    share_header: str
    notes: tuple[str, ...]
    provisional: str


@dataclass(frozen=True)
class Source:
    """One source's data state; `status` is `state` as a word."""

    name: str
    text: str
    state: State
    status: str


@dataclass(frozen=True)
class Explanation:
    """A KPI's definition as the appendix prints it; `short` is what the heads of columns call it."""

    name: str
    short: str
    formula: str


@dataclass(frozen=True)
class Presentation:
    """A whole report as text of one `language`. What it does not tell is None or empty.

    `banner` names what is missing of the data, for those who would read the figures without it; "" where nothing is.

    `trend` and `leads` are None where no week has a figure; `comparable` is False where no figure has one to compare with;
    `provisional` names the headline figures that are not judged yet ("" if there are none).
    """

    language: str
    client_slug: str
    client_name: str
    brand_name: str
    brand_primary: str
    brand_accent: str
    palette: Palette
    week: str
    title: str
    subject: str
    period: str
    comparison: str
    verdict: str
    good: tuple[str, ...]
    watch: tuple[str, ...]
    comparable: bool
    threshold: str
    provisional: str
    tiles: tuple[Tile, ...]
    trend: Chart | None
    leads: Chart | None
    channels: Table
    campaigns: Table
    data_state: str
    data_tone: State
    sources: tuple[Source, ...]
    explanations: tuple[Explanation, ...]
    rounding: str
    generated: str
    generated_on: str
    generated_timestamp: int
    # The logo as a picture for print and its address for mails, and the company's lines below both; "" where there are none.
    brand_logo: str = ""
    brand_logo_url: str = ""
    brand_footer: str = ""
    banner: str = ""
    moves: tuple[Moves, ...] = ()
    ranking: Ranking | None = None
    lines: tuple[Line, ...] = ()
    month: Month | None = None
    notes: Notes = field(default_factory=Notes)
    corrections: Corrections | None = None
    length: Length = "weekly"
    snapshot: str = ""
    scorecard: Scorecard | None = None
    waterfalls: tuple[WaterfallChart, ...] = ()
    money: Table | None = None
    funnel: Funnel | None = None
    mailings: Table | None = None
    pages: Table | None = None
    posts: Table | None = None
    retention: Triangle | None = None
    customers: Scorecard | None = None
    rates: tuple[Rate, ...] = ()
    # Of a page alone.
    courses: tuple[Chart, ...] = ()
    layers: dict[str, Chart] = field(default_factory=dict)
    times: Table | None = None
