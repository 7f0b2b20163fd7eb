"""From the lead to the customer, as plain bars on one scale."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from kpis.definitions import DEFINITIONS, Unit
from reports import content
from reports.presentation.edition import Edition
from reports.presentation.figures import change, previous_text, text
from reports.presentation.parts import Change
from reports.presentation.words import reason_text

# What reaches people long before they are leads is counted in other sizes: beside it every later bar would be a hairline.
REACH = frozenset({"impressions", "clicks", "sessions"})


@dataclass(frozen=True)
class Stage:
    """`bar` is the count as part of the largest drawn, 0 to 100; None where the stage has no bar. `reason` says why `value` is a dash."""

    name: str
    value: str
    reason: str
    change: Change | None
    previous: str
    bar: float | None


@dataclass(frozen=True)
class Funnel:
    """`note` says what the bars are on the scale of; `before` heads the column of the period before."""

    stages: tuple[Stage, ...]
    note: str
    before: str


def funnel(edition: Edition) -> Funnel | None:
    """Counts and rates in the order the report has them; None where none is known."""
    figures = edition.report.funnel
    if all(figure.value is None for figure in figures):
        return None
    drawn = [figure for figure in figures if _is_drawn(figure)]
    largest = max((figure.value or Decimal(0) for figure in drawn), default=Decimal(0))
    names = {"stage": _(DEFINITIONS[drawn[0].slug].name)} if drawn else {}
    return Funnel(
        stages=tuple(_stage(edition, figure, largest) for figure in figures),
        note=_("The bars are on one scale, from “%(stage)s” on.") % names if largest > 0 else "",
        before=edition.before.name[:1].upper() + edition.before.name[1:],
    )


def _is_drawn(figure: content.Figure) -> bool:
    return DEFINITIONS[figure.slug].unit is Unit.COUNT and figure.slug not in REACH


def _stage(edition: Edition, figure: content.Figure, largest: Decimal) -> Stage:
    has_bar = _is_drawn(figure) and figure.value is not None and largest > 0
    return Stage(
        name=_(DEFINITIONS[figure.slug].name),
        value=text(edition, figure),
        reason=reason_text(figure.reason) if figure.value is None else "",
        change=change(edition, figure),
        previous=previous_text(edition, figure),
        bar=round(float((figure.value or Decimal(0)) / largest * 100), 1) if has_bar else None,
    )
