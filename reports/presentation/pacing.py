"""How the month goes on: what was reached, what its target would have by now, and where it ends at this pace."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from babel.dates import format_date
from django.utils.translation import gettext as _

from kpis import formats
from kpis.definitions import DEFINITIONS
from reports import content
from reports.presentation.edition import Edition
from reports.presentation.figures import judged, tile_label
from reports.presentation.parts import Tone

# Less than this share of what is expected is no distance.
NEGLIGIBLE = Decimal("0.005")


@dataclass(frozen=True)
class Pace:
    """One KPI's month. `reached` and `due` are shares of the target, 0 to 100, for a bar with a marker; None without a target."""

    label: str
    value: str
    target: str
    standing: str
    projected: str
    tone: Tone
    reached: int | None
    due: int | None

    @property
    def bar(self) -> tuple[tuple[str, int], ...]:
        """Cells of a bar from left to right, as (kind, percent): what was reached, and a mark where an even pace would be."""
        reached, due = self.reached or 0, self.due
        if due is None:
            cells = [("bar", reached), ("rest", 100 - reached)]
        elif due < reached:
            cells = [("bar", due), ("mark", 0), ("bar", reached - due), ("rest", 100 - reached)]
        else:
            cells = [("bar", reached), ("rest", due - reached), ("mark", 0), ("rest", 100 - due)]
        return tuple((kind, width) for kind, width in cells if width or kind == "mark")


@dataclass(frozen=True)
class Month:
    """ "November 2026, 15 of 30 days", and how each KPI stands in it."""

    title: str
    paces: tuple[Pace, ...]

    @property
    def has_targets(self) -> bool:
        return any(pace.reached is not None for pace in self.paces)


def month(edition: Edition) -> Month | None:
    """None where the report tells no month to date."""
    told = edition.report.pace
    if not told:
        return None
    first = told[0]
    year, number = (int(part) for part in first.month.split("-"))
    name = format_date(date(year, number, 1), "MMMM y", locale=edition.language)
    words = {"month": name[:1].upper() + name[1:], "days": first.days, "all": first.days_in_month}
    return Month(_("%(month)s so far: %(days)d of %(all)d days") % words, tuple(_pace(edition, pace) for pace in told))


def _pace(edition: Edition, pace: content.Pace) -> Pace:
    definition = DEFINITIONS[pace.slug]
    return Pace(
        label=tile_label(definition),
        value=_text(edition, pace.slug, pace.value),
        target=_("target %(value)s") % {"value": _text(edition, pace.slug, pace.target)} if pace.target is not None else "",
        standing=_standing(edition, pace),
        projected=_("at this pace %(value)s") % {"value": _text(edition, pace.slug, pace.projected)} if pace.projected is not None else "",
        tone=judged(definition, _distance(pace)),
        reached=_share(pace.value, pace.target),
        due=_share(pace.expected, pace.target),
    )


def _standing(edition: Edition, pace: content.Pace) -> str:
    """How far from what the target would have by now."""
    if pace.expected is None:
        return _("no target")
    is_sum, distance = DEFINITIONS[pace.slug].is_additive, _distance(pace)
    if distance == 0:
        return _("on pace") if is_sum else _("on target")
    size = {"size": _text(edition, pace.slug, abs(distance))}
    if is_sum:
        return (_("%(size)s above pace") if distance > 0 else _("%(size)s below pace")) % size
    return (_("%(size)s above") if distance > 0 else _("%(size)s below")) % size


def _distance(pace: content.Pace) -> Decimal:
    """From what it should be by now; nothing where that is negligible or not known."""
    if pace.expected is None or abs(pace.value - pace.expected) <= abs(pace.expected) * NEGLIGIBLE:
        return Decimal(0)
    return pace.value - pace.expected


def _share(value: Decimal | None, target: Decimal | None) -> int | None:
    if value is None or not target or target < 0:
        return None
    return min(100, max(0, int(formats.rounded(value / target * 100, 0))))


def _text(edition: Edition, slug: str, value: Decimal | None) -> str:
    return formats.figure(value, DEFINITIONS[slug].unit, edition.report.currency, edition.language)
