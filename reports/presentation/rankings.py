"""The campaigns that did best and worst."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from kpis import formats
from kpis.definitions import DEFINITIONS
from reports import content
from reports.presentation.edition import Edition
from reports.presentation.figures import provisional_word, text
from reports.presentation.parts import Cell, Column, Row
from reports.presentation.words import campaign_name, reason_text, row_channel


@dataclass(frozen=True)
class Ranking:
    """Lines of the best and of the worst, the first of each the extreme; `note` says which campaigns are judged, and by what."""

    title: str
    best_title: str
    worst_title: str
    name_header: str
    columns: tuple[Column, ...]
    best: tuple[Row, ...]
    worst: tuple[Row, ...]
    note: str


def ranking(edition: Edition) -> Ranking | None:
    """None where no campaign can be judged."""
    ranked = edition.report.ranking
    if ranked is None or not (ranked.best or ranked.worst):
        return None
    definition = DEFINITIONS[ranked.slug]
    first = (*ranked.best, *ranked.worst)[0]
    # The KPI they are judged by stands last, where tables of campaigns have it.
    slugs = sorted(first.figures, key=lambda slug: slug == ranked.slug)
    columns = tuple(
        Column(slug, _(DEFINITIONS[slug].short), _(DEFINITIONS[slug].name), provisional=provisional_word(first.figures[slug]))
        for slug in slugs
    )
    words = {
        "kpi": _(definition.name),
        "least": formats.money(ranked.least_spend, edition.report.currency, edition.language),
    }
    return Ranking(
        title=_("Best and worst campaigns by %(kpi)s") % {"kpi": _(definition.short)},
        best_title=_("Best"),
        worst_title=_("Worst"),
        name_header=_("Campaign"),
        columns=columns,
        best=tuple(_row(edition, row, columns) for row in ranked.best),
        worst=tuple(_row(edition, row, columns) for row in ranked.worst),
        note=_("%(kpi)s; only campaigns that spent %(least)s or more are judged.") % words,
    )


def _row(edition: Edition, row: content.Row, columns: tuple[Column, ...]) -> Row:
    return Row(campaign_name(row), row_channel(row), tuple(_cell(edition, row.figures[column.slug], column) for column in columns), None)


def _cell(edition: Edition, figure: content.Figure, column: Column) -> Cell:
    reason = reason_text(figure.reason) if figure.value is None else ""
    return Cell(column, text(edition, figure), reason=reason, is_provisional=bool(provisional_word(figure)))
