"""E-mail, site and social: each part of marketing in one line of figures."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from kpis.definitions import DEFINITIONS
from reports import content
from reports.presentation.edition import Edition
from reports.presentation.figures import change, provisional_word, text, tile_label
from reports.presentation.parts import Change
from reports.presentation.words import reason_text


@dataclass(frozen=True)
class Item:
    """One figure of a line; `reason` says why `value` is a dash."""

    label: str
    value: str
    change: Change | None
    reason: str
    provisional: str


@dataclass(frozen=True)
class Line:
    """`name` is the part of marketing."""

    name: str
    items: tuple[Item, ...]


def lines(edition: Edition) -> tuple[Line, ...]:
    """The parts of marketing of which a figure is known."""
    names = {"email": _("E-mail"), "site": _("Site"), "social": _("Social networks")}
    told = [line for line in edition.report.lines if any(figure.value is not None for figure in line.figures)]
    return tuple(Line(names[line.part], tuple(_item(edition, figure) for figure in line.figures)) for line in told)


def _item(edition: Edition, figure: content.Figure) -> Item:
    return Item(
        label=tile_label(DEFINITIONS[figure.slug]),
        value=text(edition, figure),
        change=change(edition, figure),
        reason=reason_text(figure.reason) if figure.value is None else "",
        provisional=provisional_word(figure),
    )
