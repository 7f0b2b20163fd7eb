"""What moved a KPI: the channels or campaigns that added most to its change, with their amounts."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from kpis import formats
from kpis.definitions import DEFINITIONS
from reports import content
from reports.presentation.edition import Edition
from reports.presentation.figures import judged, tile_label, tone_word
from reports.presentation.parts import Tone
from reports.presentation.words import part_name

MOST = 4


@dataclass(frozen=True)
class Move:
    """One line: `amount` with its sign; `share` (0 to 100) of the largest of them, for a bar; `word` says what the tone shows."""

    name: str
    amount: str
    tone: Tone
    word: str
    share: int


@dataclass(frozen=True)
class Moves:
    """`title` names the KPI and its whole change, to which the lines add up exactly."""

    title: str
    total: str
    moves: tuple[Move, ...]


def moves(edition: Edition) -> tuple[Moves, ...]:
    """One list for each KPI that the report decomposes and that changed."""
    return tuple(_moves(edition, waterfall) for waterfall in edition.report.contributions if waterfall.value != waterfall.previous)


def _moves(edition: Edition, waterfall: content.Waterfall) -> Moves:
    definition = DEFINITIONS[waterfall.slug]
    listed = _listed(waterfall.parts)
    largest = max((abs(part.amount) for part in listed), default=Decimal(0))
    whole = formats.is_whole(largest)
    total = _amount(edition, waterfall.slug, waterfall.value - waterfall.previous, whole=whole)
    words = {"kpi": tile_label(definition), "compared": edition.before.compared}
    return Moves(
        title=_("%(kpi)s: what moved it %(compared)s") % words,
        total=total,
        moves=tuple(_move(edition, waterfall, part, largest) for part in listed),
    )


def _listed(parts: tuple[content.Part, ...]) -> list[content.Part]:
    """The largest moves, then the sum of all others, so that the lines add up."""
    named = sorted((part for part in parts if part.key and part.amount), key=lambda part: -abs(part.amount))
    rest = sum((part.amount for part in (*named[MOST:], *(part for part in parts if not part.key))), Decimal(0))
    return [*named[:MOST], content.Part("", rest)] if rest else named[:MOST]


def _move(edition: Edition, waterfall: content.Waterfall, part: content.Part, largest: Decimal) -> Move:
    tone = judged(DEFINITIONS[waterfall.slug], part.amount)
    return Move(
        name=part_name(waterfall, part.key) if part.key else _("Everything else"),
        amount=_amount(edition, waterfall.slug, part.amount, whole=formats.is_whole(largest)),
        tone=tone,
        word=tone_word(tone),
        share=max(1, int(formats.rounded(abs(part.amount) / largest * 100, 0))),
    )


def _amount(edition: Edition, slug: str, amount: Decimal, *, whole: bool) -> str:
    return formats.difference(amount, DEFINITIONS[slug].unit, edition.report.currency, edition.language, whole=whole)
