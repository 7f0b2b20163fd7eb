"""A figure beside its target: how far from it, in words, and where both stand on one bar."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from kpis import formats
from kpis.definitions import DEFINITIONS
from reports import content
from reports.presentation.edition import Edition
from reports.presentation.parts import Tone

# Of the bar's length: what lies right of the larger of the two, so that an overshoot is seen to go on.
ROOM = 8
FULL = 100


@dataclass(frozen=True)
class Target:
    """`text` is the target, `distance` how far the figure is from it ("6.6% above"), `verdict` whether that is met, as a word ("" where
    nobody can say yet). `value_at` and `target_at` are places on the bar, 0 to 100."""

    text: str
    distance: str
    verdict: str
    tone: Tone
    value_at: float
    target_at: float


def target(edition: Edition, figure: content.Figure) -> Target | None:
    """None where none is set or the figure is not known."""
    return beside(figure, edition.report.currency, edition.language)


def beside(figure: content.Figure, currency: str, language: str) -> Target | None:
    """The same of a figure that is of no report."""
    if figure.target is None or figure.value is None:
        return None
    definition = DEFINITIONS[figure.slug]
    whole = formats.is_whole(figure.value)
    longest = max(figure.value, figure.target) * FULL / (FULL - ROOM)
    verdict, tone = _verdict(figure)
    return Target(
        text=formats.figure(figure.target, definition.unit, currency, language, whole=whole),
        distance=_distance(figure, language),
        verdict=verdict,
        tone=tone,
        value_at=_place(figure.value, longest),
        target_at=_place(figure.target, longest),
    )


def _place(value: Decimal, longest: Decimal) -> float:
    return round(float(max(value, Decimal(0)) / longest * FULL), 1) if longest > 0 else 0.0


def _verdict(figure: content.Figure) -> tuple[str, Tone]:
    if figure.is_reached is None or figure.is_provisional:
        return "", "neutral"
    return (_("target met"), "good") if figure.is_reached else (_("target missed"), "bad")


def _distance(figure: content.Figure, language: str) -> str:
    """How far above or below its target; "" where no size can be told."""
    unit = DEFINITIONS[figure.slug].unit
    step = formats.change_step(figure.value, figure.target, unit)
    if step is None:
        return ""
    if step == 0:
        return _("on target")
    size = formats.change_size(figure.value, figure.target, unit, language)
    return (_("%(size)s above") if step > 0 else _("%(size)s below")) % {"size": size}
