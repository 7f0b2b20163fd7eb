"""A report in one language, ready to be shown: every figure as text. Page, PDF and e-mail use only this."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override, pgettext

from campaigns.channels import CHANNELS
from kpis.definitions import DEFINITIONS, Definition, Direction, Reason, Unit
from reports import content, formats
from reports.charts import MAX_SERIES, Chart, Palette, Series, Tick, axis, palette, sparkline, web_theme

if TYPE_CHECKING:
    from accounts.brand import Brand

Tone = Literal["good", "bad", "neutral"]
Arrow = Literal["up", "down", "none"]
State = Literal["ok", "moving", "incomplete", "lost"]

# A change from this fraction on is worth a sentence.
NOTABLE = Decimal("0.03")
MOST_SENTENCES = 3
OTHERS = "*"
NAMES = {
    "google_ads": "Google Ads",
    "microsoft_ads": "Microsoft Advertising",
    "meta_ads": "Meta Ads",
    "facebook_ads": "Meta Ads",
    "linkedin_ads": "LinkedIn Ads",
    "tiktok_ads": "TikTok Ads",
    "hubspot": "HubSpot",
}


# ------------------------------------------------------------------------------------------------------- what is shown
@dataclass(frozen=True)
class Change:
    """How a figure moved: `text` with its sign, an arrow, and what that means for this KPI as a word ("" if nothing)."""

    text: str
    arrow: Arrow
    tone: Tone
    word: str


@dataclass(frozen=True)
class Tile:
    """One headline figure. `reason` says why `value` is a dash; `change` is None where there is nothing to compare with."""

    slug: str
    label: str
    short: str
    value: str
    change: Change | None
    previous: str
    reason: str
    trend: tuple[float | None, ...]
    trend_summary: str

    @property
    def sparkline(self) -> SafeString:
        """The trend as a picture for the page."""
        return mark_safe(sparkline(self.trend, web_theme(), 160, 30))  # noqa: S308 - numbers only


@dataclass(frozen=True)
class Column:
    """A KPI's column, or the column beside it that says how the KPI changed."""

    slug: str
    header: str
    title: str
    is_change: bool = False


@dataclass(frozen=True)
class Cell:
    column: Column
    text: str
    change: Change | None = None
    reason: str = ""  # why the text is a dash


@dataclass(frozen=True)
class Row:
    """`share` is the row's part of the table's main column, 0 to 100, for a bar; None where there is none to draw."""

    name: str
    channel: str
    cells: tuple[Cell, ...]
    share: int | None


@dataclass(frozen=True)
class Table:
    title: str
    name_header: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    total: Row
    share_header: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """One source's data state; `status` is `state` as a word."""

    name: str
    text: str
    state: State
    status: str


@dataclass(frozen=True)
class Explanation:
    """A KPI's definition as the appendix prints it."""

    name: str
    short: str
    formula: str


@dataclass(frozen=True)
class Presentation:
    """A whole report as text of one `language`.

    `trend` and `leads` are None where no week has a figure; `comparable` is False where no figure has one to compare with.
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


def present(report: content.Report, language: str, brand: Brand) -> Presentation:
    """`report` in `language` ("en" or "fr") under `brand`. The only place where figures become text."""
    with override(language):
        return _Presenter(report, language).presentation(brand)


def dash_notes(rows: Iterable[Row]) -> tuple[str, ...]:
    """Why the dashes in `rows` are dashes, each reason once."""
    reasons = dict.fromkeys(cell.reason for row in rows for cell in row.cells if cell.reason)
    return tuple(f"{formats.UNDEFINED} {reason}" for reason in reasons)


# ------------------------------------------------------------------------------------------------------------- wording
def _subjects() -> dict[str, str]:
    """How a sentence names each KPI; French needs an article and one gender and number throughout."""
    return {
        "spend": pgettext("subject of a sentence", "Ad spend"),
        "impressions": pgettext("subject of a sentence", "The number of impressions"),
        "clicks": pgettext("subject of a sentence", "The number of clicks"),
        "ctr": pgettext("subject of a sentence", "The click-through rate"),
        "cpc": pgettext("subject of a sentence", "The cost per click"),
        "cpm": pgettext("subject of a sentence", "The cost per mille"),
        "leads": pgettext("subject of a sentence", "The number of leads"),
        "cpl": pgettext("subject of a sentence", "The media cost per lead"),
        "revenue": pgettext("subject of a sentence", "Revenue"),
        "orders": pgettext("subject of a sentence", "The number of orders"),
        "aov": pgettext("subject of a sentence", "The average order value"),
        "roas": pgettext("subject of a sentence", "The ROAS claimed by the platforms"),
    }


def _reason(reason: str | None) -> str:
    match reason:
        case Reason.NO_DENOMINATOR:
            return _("Not defined: there is nothing to divide by")
        case Reason.NOT_REPORTED:
            return _("Not reported by the source")
        case Reason.NOT_YET_OBSERVED:
            return _("Not observed yet")
        case _:
            return _("Not known")


def _status(state: State) -> str:
    match state:
        case "ok":
            return _("Final")
        case "moving":
            return _("Provisional")
        case "incomplete":
            return _("Incomplete")
        case "lost":
            return _("Access lost")


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _sum(values: Iterable[Decimal | None]) -> Decimal | None:
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if known else None


class _Presenter:
    """Words and figures of one report; works inside the language's override."""

    def __init__(self, report: content.Report, language: str) -> None:
        self.report = report
        self.language = language
        self.zone = ZoneInfo(report.timezone)
        self.number = formats.week_number(report.week)
        self.previous_number = report.previous_since.isocalendar().week
        self.figures = {tile.figure.slug: tile.figure for tile in report.tiles}

    def presentation(self, brand: Brand) -> Presentation:
        report, language = self.report, self.language
        sources = tuple(self.source(state) for state in report.sources)
        return Presentation(
            language=language,
            client_slug=report.client_slug,
            client_name=report.client_name,
            brand_name=brand.name,
            brand_primary=brand.primary,
            brand_accent=brand.accent,
            palette=palette(brand.primary, brand.accent),
            week=report.week,
            title=_("Weekly marketing report"),
            subject=self.subject(),
            period=formats.week(report.since, report.until, language),
            comparison=self.comparison(),
            verdict=self.verdict(),
            good=self.notable("good"),
            watch=self.notable("bad"),
            comparable=any(self.change(figure) for figure in self.figures.values()),
            threshold=self.threshold(),
            tiles=tuple(self.tile(tile) for tile in report.tiles),
            trend=self.trend(),
            leads=self.leads(),
            channels=self.table(report.channels, _("Channels"), _("Channel"), _channel_name),
            campaigns=self.table(report.campaigns, _("Campaigns"), _("Campaign"), _campaign_name),
            data_state=self.data_state(),
            data_tone=self.data_tone(),
            sources=sources,
            explanations=self.explanations(),
            rounding=_("Figures are rounded for display; totals and ratios are computed from exact amounts."),
            generated=_("Generated on %(moment)s") % {"moment": formats.instant(report.generated_at, self.zone, language)},
            generated_on=formats.day(report.generated_at.astimezone(self.zone).date(), language),
            generated_timestamp=int(report.generated_at.timestamp()),
        )

    # -------------------------------------------------------------------------------------------------------- figures
    def text(self, figure: content.Figure, *, whole: bool | None = None) -> str:
        return formats.figure(figure.value, DEFINITIONS[figure.slug].unit, self.report.currency, self.language, whole=whole)

    def change(self, figure: content.Figure) -> Change | None:
        """None where there is no base to compare with."""
        definition = DEFINITIONS[figure.slug]
        step = formats.change_step(figure.value, figure.previous, definition.unit)
        if step is None:
            return None
        text = formats.change(figure.value, figure.previous, definition.unit, self.language)
        if step == 0:
            return Change(text, "none", "neutral", "")
        tone = _tone(definition.direction, rising=step > 0)
        words: dict[Tone, str] = {"good": _("favourable"), "bad": _("unfavourable"), "neutral": ""}
        return Change(text, "up" if step > 0 else "down", tone, words[tone])

    def tile(self, tile: content.Tile) -> Tile:
        figure, definition = tile.figure, DEFINITIONS[tile.figure.slug]
        return Tile(
            slug=figure.slug,
            label=_(definition.name),
            short=_(definition.short),
            value=self.text(figure),
            change=self.change(figure),
            previous=self.previous(figure),
            reason=_reason(figure.reason) if figure.value is None else "",
            trend=tuple(_float(value) for value in tile.trend.values),
            trend_summary=self.trend_summary(tile, definition),
        )

    def previous(self, figure: content.Figure) -> str:
        if figure.previous is None:
            return _("No figure for week %(number)d") % {"number": self.previous_number}
        before = self.text(content.Figure(figure.slug, figure.previous, None, None), whole=self.whole_like(figure))
        return _("%(value)s in week %(number)d") % {"value": before, "number": self.previous_number}

    def whole_like(self, figure: content.Figure) -> bool | None:
        """An earlier amount shows cents where the present one does."""
        return None if figure.value is None else formats.is_whole(figure.value)

    def trend_summary(self, tile: content.Tile, definition: Definition) -> str:
        return _("Last %(count)d weeks: %(values)s") % {
            "count": len(tile.trend.values),
            "values": ", ".join(self.value_texts(definition, tile.trend.values)),
        }

    def value_texts(self, definition: Definition, values: Sequence[Decimal | None]) -> tuple[str, ...]:
        return tuple(formats.figure(value, definition.unit, self.report.currency, self.language) for value in values)

    # ------------------------------------------------------------------------------------------------------ sentences
    def main(self) -> content.Figure | None:
        """The figure the week is judged by: revenue if known, else leads, else ad spend."""
        known = (self.figures.get(slug) for slug in ("revenue", "leads", "spend"))
        return next((figure for figure in known if figure and figure.value is not None), None)

    def subject(self) -> str:
        """The week, the main KPI and its change: the line an inbox shows."""
        figure = self.main()
        week = {"client": self.report.client_name, "number": self.number}
        if figure is None:
            return _("%(client)s, week %(number)d: no figures yet") % week
        definition = DEFINITIONS[figure.slug]
        change = self.change(figure)
        text = f"{self.text(figure)} ({change.text})" if change else self.text(figure)
        return _("%(client)s, week %(number)d: %(kpi)s %(value)s") % {**week, "kpi": _(definition.name), "value": text}

    def verdict(self) -> str:
        figure = self.main()
        if figure is None:
            return _("No figure is known for week %(number)d yet.") % {"number": self.number}
        clause = self.clause(figure)
        spend = self.figures.get("spend")
        if figure.slug == "spend" or spend is None or spend.value is None:
            return f"{clause}."
        return _("%(clause)s, for %(spend)s of ad spend.") % {"clause": clause, "spend": self.text(spend)}

    def clause(self, figure: content.Figure) -> str:
        """What became of one figure, as a sentence without its full stop."""
        definition = DEFINITIONS[figure.slug]
        step = formats.change_step(figure.value, figure.previous, definition.unit)
        words = {
            "subject": _subjects().get(figure.slug, _(definition.name)),
            "value": self.text(figure),
            "week": self.number,
            "before": self.previous_number,
            "size": formats.change_size(figure.value, figure.previous, definition.unit, self.language),
        }
        if step is None:
            return _("%(subject)s came to %(value)s in week %(week)d") % words
        if step == 0:
            return _("%(subject)s came to %(value)s in week %(week)d, the same as in week %(before)d") % words
        if step > 0:
            return _("%(subject)s came to %(value)s in week %(week)d, up %(size)s on week %(before)d") % words
        return _("%(subject)s came to %(value)s in week %(week)d, down %(size)s on week %(before)d") % words

    def notable(self, tone: Tone) -> tuple[str, ...]:
        """Sentences on what moved by `NOTABLE` or more, the largest moves first."""
        moved = []
        for figure in self.figures.values():
            change, size = self.change(figure), formats.relative_change(figure.value, figure.previous)
            if change and size is not None and change.tone == tone and abs(size) >= NOTABLE:
                moved.append((abs(size), figure))
        moved.sort(key=lambda pair: pair[0], reverse=True)
        return tuple(f"{self.short_clause(figure)}." for _size, figure in moved[:MOST_SENTENCES])

    def short_clause(self, figure: content.Figure) -> str:
        definition = DEFINITIONS[figure.slug]
        previous = content.Figure(figure.slug, figure.previous, None, None)
        words = {
            "subject": _subjects().get(figure.slug, _(definition.name)),
            "value": self.text(figure),
            "previous": self.text(previous, whole=self.whole_like(figure)),
            "size": formats.change_size(figure.value, figure.previous, definition.unit, self.language),
        }
        change = self.change(figure)
        if change and change.arrow == "up":
            return _("%(subject)s rose by %(size)s, from %(previous)s to %(value)s") % words
        return _("%(subject)s fell by %(size)s, from %(previous)s to %(value)s") % words

    def threshold(self) -> str:
        share = formats.fraction(NOTABLE, self.language, decimals=0)
        return _("Changes of %(share)s or more compared with week %(number)d") % {"share": share, "number": self.previous_number}

    def comparison(self) -> str:
        report = self.report
        span = formats.days(report.previous_since, report.previous_until, self.language)
        return _("Compared with week %(number)d (%(days)s)") % {"number": self.previous_number, "days": span}

    # --------------------------------------------------------------------------------------------------------- charts
    def chart(
        self, title: str, unit: Unit, series: Sequence[tuple[str, Definition, Sequence[Decimal | None]]], top: Sequence[Decimal | None]
    ) -> Chart:
        ticks = axis(top, integers=unit is Unit.COUNT)
        labels = formats.axis_labels(ticks, unit, self.report.currency, self.language)
        lines = tuple(Series(name, tuple(map(_float, values)), self.value_texts(kpi, values)) for name, kpi, values in series)
        parts = [_("%(name)s: %(first)s to %(last)s") % {"name": s.name, "first": s.labels[0], "last": s.labels[-1]} for s in lines]
        return Chart(
            title=title,
            summary="; ".join(parts),
            weeks=tuple(formats.short_week(week, self.language) for week in self.report.weeks),
            series=lines,
            ticks=tuple(Tick(float(tick), label) for tick, label in zip(ticks, labels, strict=True)),
        )

    def trend(self) -> Chart | None:
        """Revenue and ad spend on one axis; whichever is known."""
        trends = {tile.trend.slug: tile.trend.values for tile in self.report.tiles}
        shown = [slug for slug in ("revenue", "spend") if any(value is not None for value in trends.get(slug, ()))]
        if not shown:
            return None
        weeks = {"count": len(self.report.weeks)}
        titles = {
            ("revenue", "spend"): _("Revenue and ad spend over %(count)d weeks"),
            ("revenue",): _("Revenue over %(count)d weeks"),
            ("spend",): _("Ad spend over %(count)d weeks"),
        }
        series = [(_(DEFINITIONS[slug].short), DEFINITIONS[slug], trends[slug]) for slug in shown]
        values = [value for slug in shown for value in trends[slug]]
        return self.chart(titles[tuple(shown)] % weeks, Unit.MONEY, series, values)

    def leads(self) -> Chart | None:
        """Leads by channel; beyond what a chart can tell apart, the smallest channels are one layer."""
        channels = {slug: values for slug, values in self.report.leads_by_channel.items() if any(value for value in values)}
        if not channels:
            return None
        layers = [(CHANNELS.get(slug, slug), channels[slug]) for slug in self.layer_order(channels)]
        rest = [values for slug, values in channels.items() if slug not in self.layer_order(channels)]
        series = [(_(name), DEFINITIONS["leads"], values) for name, values in layers]
        if rest:
            series.append((_("Other channels"), DEFINITIONS["leads"], tuple(_sum(week) for week in zip(*rest, strict=True))))
        heights = [_sum(week) for week in zip(*channels.values(), strict=True)]
        return self.chart(_("Leads by channel over %(count)d weeks") % {"count": len(self.report.weeks)}, Unit.COUNT, series, heights)

    def layer_order(self, channels: dict[str, tuple[Decimal | None, ...]]) -> list[str]:
        """The channels that get a layer of their own, in the fixed order, so that colours stay from week to week."""
        by_size = sorted(channels, key=lambda slug: _sum(channels[slug]) or Decimal(0), reverse=True)
        kept = by_size if len(by_size) <= MAX_SERIES else by_size[: MAX_SERIES - 1]
        return sorted(kept, key=lambda slug: list(CHANNELS).index(slug) if slug in CHANNELS else len(CHANNELS))

    # --------------------------------------------------------------------------------------------------------- tables
    def table(self, table: content.Table, title: str, name_header: str, name: Callable[[content.Row], str]) -> Table:
        main = next((slug for slug in ("spend", "leads", "revenue") if slug in table.slugs), None)
        whole = {slug: formats.is_whole(table.total.figures[slug].value) for slug in table.slugs if _is_sum(slug)}
        columns = self.columns(table.slugs)
        rows = tuple(Row(name(row), _row_channel(row), self.cells(row, columns, whole), _share(row, table, main)) for row in table.rows)
        total = Row(_("Total"), "", self.cells(table.total, columns, whole), None)
        return Table(
            title=title,
            name_header=name_header,
            columns=columns,
            rows=rows,
            total=total,
            share_header=_share_header(main),
            notes=dash_notes([*rows, total] if rows else []),
        )

    def columns(self, slugs: Sequence[str]) -> tuple[Column, ...]:
        """A column for each KPI, and one for the change of the first that matters most."""
        compared = next((slug for slug in ("leads", "revenue", "spend") if slug in slugs), None)
        columns = []
        for slug in slugs:
            definition = DEFINITIONS[slug]
            columns.append(Column(slug, _(definition.short), _(definition.name)))
            if slug == compared:
                title = _("%(kpi)s: change on week %(number)d") % {"kpi": _(definition.name), "number": self.previous_number}
                columns.append(Column(slug, pgettext("column header", "Change"), title, is_change=True))
        return tuple(columns)

    def cells(self, row: content.Row, columns: Sequence[Column], whole: dict[str, bool]) -> tuple[Cell, ...]:
        return tuple(self.cell(row.figures[column.slug], column, whole.get(column.slug)) for column in columns)

    def cell(self, figure: content.Figure, column: Column, whole: bool | None) -> Cell:
        if not column.is_change:
            reason = _reason(figure.reason) if figure.value is None else ""
            return Cell(column, self.text(figure, whole=whole), reason=reason)
        change = self.change(figure)
        return Cell(column, change.text if change else formats.UNDEFINED, change, reason="" if change else _("No comparison"))

    # ----------------------------------------------------------------------------------------------------- data state
    def source(self, state: content.SourceState) -> Source:
        kind = self.source_state(state)
        name = NAMES.get(state.source, state.source.replace("_", " ").capitalize())
        if state.kind == "file":
            name = _("%(source)s (file)") % {"source": name}
        full_name = f"{name} · {state.account}" if state.account else name
        return Source(full_name, self.source_text(state), kind, _status(kind))

    def source_text(self, state: content.SourceState) -> str:
        parts = []
        if state.lost_access:
            parts.append(_("access lost: sign in again to reconnect"))
        if state.complete_until is None:
            parts.append(_("no data yet"))
        else:
            parts.append(_("complete to %(day)s") % {"day": formats.day(state.complete_until, self.language)})
        if state.missing_days:
            parts.append(self.missing(state.missing_days))
        since = self.moving_since(state)
        if since:
            parts.append(_("still moving since %(day)s") % {"day": formats.day(since, self.language)})
        return ", ".join(parts)

    def missing(self, days: Sequence[date]) -> str:
        text = ngettext("%(count)d day missing: %(days)s", "%(count)d days missing: %(days)s", len(days))
        return text % {"count": len(days), "days": formats.listed_days(days, self.language)}

    def moving_since(self, state: content.SourceState) -> date | None:
        """The first day the platform may still restate."""
        if state.complete_until is None or state.settled_until is None or state.settled_until >= state.complete_until:
            return None
        return state.settled_until + timedelta(days=1)

    def source_state(self, state: content.SourceState) -> State:
        """How far the report's own week can be relied on, as far as this source goes."""
        report = self.report
        if state.lost_access:
            return "lost"
        missing = any(report.since <= day <= report.until for day in state.missing_days)
        if missing or state.complete_until is None or state.complete_until < report.until:
            return "incomplete"
        since = self.moving_since(state)
        return "moving" if since and since <= report.until else "ok"

    def data_tone(self) -> State:
        states = [self.source_state(state) for state in self.report.sources]
        if not states:
            return "incomplete"
        order: tuple[State, ...] = ("lost", "incomplete", "moving")
        return next((state for state in order if state in states), "ok")

    def data_state(self) -> str:
        """One line for every page: whether this week's figures are whole and final."""
        sources = self.report.sources
        if not sources:
            return _("No source is connected yet")
        states = [self.source_state(state) for state in sources]
        broken = [self.source(state).name for state in sources if self.source_state(state) in ("lost", "incomplete")]
        if broken:
            return _("Incomplete data: %(sources)s") % {"sources": ", ".join(broken)}
        until = formats.day(self.report.until, self.language)
        moving = states.count("moving")
        if not moving:
            return _("Data complete to %(day)s and final") % {"day": until}
        text = ngettext(
            "Data complete to %(day)s; %(count)d source may still revise its figures",
            "Data complete to %(day)s; %(count)d sources may still revise their figures",
            moving,
        )
        return text % {"day": until, "count": moving}

    # ------------------------------------------------------------------------------------------------------- appendix
    def explanations(self) -> tuple[Explanation, ...]:
        shown = [*self.figures, *self.report.channels.slugs, *self.report.campaigns.slugs]
        kpis = [DEFINITIONS[slug] for slug in dict.fromkeys(shown)]
        return tuple(Explanation(_(kpi.name), _(kpi.short), _(kpi.formula)) for kpi in kpis)


def _tone(direction: Direction, *, rising: bool) -> Tone:
    if direction is Direction.NEUTRAL:
        return "neutral"
    return "good" if rising == (direction is Direction.UP) else "bad"


def _is_sum(slug: str) -> bool:
    definition = DEFINITIONS[slug]
    return definition.unit is Unit.MONEY and not definition.denominator


def _share(row: content.Row, table: content.Table, main: str | None) -> int | None:
    if main is None:
        return None
    value, total = row.figures[main].value, table.total.figures[main].value
    if value is None or not total or value < 0:
        return None
    return int(formats.rounded(value / total * 100, 0))


def _row_channel(row: content.Row) -> str:
    """The channel a campaign's row names beside it; a channel's own row names none."""
    return _(CHANNELS[row.channel]) if row.channel in CHANNELS and row.key != row.channel else ""


def _channel_name(row: content.Row) -> str:
    if row.key == OTHERS:
        return _("Other channels")
    return _(CHANNELS[row.key]) if row.key in CHANNELS else row.key


def _campaign_name(row: content.Row) -> str:
    return _("Other campaigns") if row.key == OTHERS else row.key


def _share_header(main: str | None) -> str:
    headers = {"spend": _("share of ad spend"), "leads": _("share of leads"), "revenue": _("share of revenue")}
    return headers[main] if main else ""
