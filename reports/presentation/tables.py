"""The tables of channels and campaigns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from django.utils.translation import gettext as _

from kpis import formats
from kpis.definitions import DEFINITIONS, Unit
from reports import content, periods_named
from reports.presentation.edition import Edition
from reports.presentation.figures import change, provisional_word, text
from reports.presentation.parts import Cell, Column, Row, Table
from reports.presentation.targets import target
from reports.presentation.words import campaign_name, channel_name, named, reason_text, row_channel, share_header

# What the change of is shown, the first that a table has and that can be compared.
COMPARED = ("leads", "revenue", "spend", "sessions", "email_delivered", "engagements")
Name = Callable[[content.Row], str]


def channels(edition: Edition) -> Table:
    """A line for each channel, and their total."""
    return _table(edition, edition.report.channels, _("Channels"), _("Channel"), channel_name)


def campaigns(edition: Edition) -> Table:
    """A line for each listed campaign, one for what is left over, and their total."""
    return _table(edition, edition.report.campaigns, _("Campaigns"), _("Campaign"), campaign_name)


def money(edition: Edition) -> Table | None:
    """What marketing cost and brought, by channel."""
    return _optional(edition, edition.report.money, _("Costs and return by channel"), _("Channel"), channel_name)


def mailings(edition: Edition) -> Table | None:
    return _optional(edition, edition.report.mailings, _("E-mails sent"), _("E-mail"), named(_("Other e-mails")))


def pages(edition: Edition) -> Table | None:
    return _optional(edition, edition.report.pages, _("Landing pages"), _("Page"), named(_("Other pages")))


def posts(edition: Edition) -> Table | None:
    return _optional(edition, edition.report.posts, _("Posts on social networks"), _("Post"), named(_("Other posts")))


def times(edition: Edition) -> Table | None:
    """A line for each day, week or month."""
    titles = {"day": (_("Day by day"), _("Day")), "month": (_("Month by month"), _("Month"))}
    title, header = titles.get(_grain(edition.report.times), (_("Week by week"), _("Week")))
    return _optional(edition, edition.report.times, title, header, lambda row: periods_named.line(row.key, edition.language))


def _grain(table: content.Table | None) -> str:
    form = periods_named.form(table.rows[0].key) if table and table.rows else ""
    return "day" if form == "days" else form


def dash_notes(rows: Iterable[Row]) -> tuple[str, ...]:
    """Why the dashes in `rows` are dashes, each reason once."""
    reasons = dict.fromkeys(cell.reason for row in rows for cell in row.cells if cell.reason)
    return tuple(f"{formats.UNDEFINED} {reason}" for reason in reasons)


def _optional(edition: Edition, table: content.Table | None, title: str, name_header: str, name: Name) -> Table | None:
    """None where the report has no such table, or no figure in it."""
    if table is None or all(figure.value is None for figure in table.total.figures.values()):
        return None
    shown = _table(edition, table, title, name_header, name)
    # All lines are of one channel, or of none.
    return replace(shown, rows=tuple(replace(row, channel="") for row in shown.rows))


def _table(edition: Edition, table: content.Table, title: str, name_header: str, name: Name) -> Table:
    main = next((slug for slug in ("spend", "leads", "revenue") if slug in table.slugs), None)
    whole = {slug: formats.is_whole(table.total.figures[slug].value) for slug in table.slugs if _is_sum(slug)}
    columns = _columns(edition, table)
    rows = tuple(
        Row(name(row), row_channel(row), _cells(edition, row, columns, whole), _share(row, table.total, main), row.key, row.url)
        for row in table.rows
    )
    total = Row(_("Total"), "", _cells(edition, table.total, columns, whole), None)
    return Table(
        title=title,
        name_header=name_header,
        columns=columns,
        rows=rows,
        total=total,
        share_header=share_header(main),
        notes=(*dash_notes([*rows, total]), *_divisor_notes(table.slugs)) if rows else (),
        provisional=_provisional(columns) if rows else "",
    )


def _divisor_notes(slugs: Sequence[str]) -> tuple[str, ...]:
    """Where a reader who divides two columns would get another figure: what it is really divided by."""
    if "cpl" not in slugs:
        return ()
    definition = DEFINITIONS["cpl"]
    return (_("%(short)s: %(formula)s") % {"short": _(definition.short), "formula": _(definition.formula)},)


def _columns(edition: Edition, table: content.Table) -> tuple[Column, ...]:
    """A column for each KPI, and one for the change of the first that matters most."""
    compared = next((slug for slug in COMPARED if slug in table.slugs and change(edition, table.total.figures[slug])), None)
    columns = []
    for slug in table.slugs:
        definition = DEFINITIONS[slug]
        short = _(definition.short)
        columns.append(Column(slug, short, _(definition.name), provisional=provisional_word(table.total.figures[slug])))
        if slug == compared:
            title = _("%(kpi)s: change %(on)s") % {"kpi": _(definition.name), "on": edition.before.on}
            columns.append(Column(slug, _("%(kpi)s, change") % {"kpi": short}, title, is_change=True))
    return tuple(columns)


def _provisional(columns: Sequence[Column]) -> str:
    moving = [column.header for column in columns if column.provisional]
    return _("%(kpis)s: provisional, conversions are still arriving") % {"kpis": ", ".join(moving)} if moving else ""


def _cells(edition: Edition, row: content.Row, columns: Sequence[Column], whole: dict[str, bool]) -> tuple[Cell, ...]:
    return tuple(_cell(edition, row.figures[column.slug], column, whole.get(column.slug)) for column in columns)


def _cell(edition: Edition, figure: content.Figure, column: Column, whole: bool | None) -> Cell:
    if column.is_change:
        moved = change(edition, figure)
        return Cell(column, moved.text, moved) if moved else Cell(column, formats.UNDEFINED, reason=_("No comparison"))
    reason = reason_text(figure.reason) if figure.value is None else ""
    shown = text(edition, figure, whole=whole)
    return Cell(column, shown, reason=reason, is_provisional=bool(provisional_word(figure)), target=target(edition, figure))


def _is_sum(slug: str) -> bool:
    definition = DEFINITIONS[slug]
    return definition.unit is Unit.MONEY and definition.is_additive


def _share(row: content.Row, whole: content.Row, main: str | None) -> int | None:
    if main is None:
        return None
    value, total = row.figures[main].value, whole.figures[main].value
    if value is None or not total or value < 0:
        return None
    return int(formats.rounded(value / total * 100, 0))
