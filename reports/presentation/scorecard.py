"""Figures one under another: against target, the period before and last year."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from django.utils.translation import gettext as _

from kpis import formats
from kpis.definitions import DEFINITIONS
from reports import content
from reports.presentation.edition import Edition
from reports.presentation.figures import change, previous_text, provisional_word, text
from reports.presentation.parts import Change
from reports.presentation.targets import Target, target
from reports.presentation.words import reason_text


@dataclass(frozen=True)
class Compared:
    """What a figure was, and how it changed since; a dash and None where there is nothing to compare with."""

    text: str
    change: Change | None


@dataclass(frozen=True)
class Score:
    """One figure; `reason` says why `value` is a dash."""

    slug: str
    name: str
    value: str
    reason: str
    provisional: str
    target: Target | None
    previous: Compared
    last_year: Compared


@dataclass(frozen=True)
class Scorecard:
    """`has_targets` and `has_last_year` say which columns hold anything. `before` and `last_year` are the heads of the two comparisons."""

    title: str
    scores: tuple[Score, ...]
    before: str
    last_year: str
    has_targets: bool
    has_last_year: bool


def scorecard(edition: Edition) -> Scorecard | None:
    """Every figure of the scorecard; a report that has none of its own tells its headlines so."""
    figures = edition.report.scorecard or tuple(edition.headlines.values())
    return _card(edition, _("Against target, last time and last year"), figures)


def customers(edition: Edition) -> Scorecard | None:
    """What customers are worth and what they cost."""
    return _card(edition, _("Value and cost of a customer"), edition.report.customers)


def _card(edition: Edition, title: str, figures: Iterable[content.Figure]) -> Scorecard | None:
    """None where no figure is known."""
    told = tuple(figures)
    if all(figure.value is None for figure in told):
        return None
    scores = tuple(_score(edition, figure) for figure in told)
    return Scorecard(
        title=title,
        scores=scores,
        before=_capital(edition.before.name),
        last_year=_capital(edition.last_year.name) if edition.last_year else "",
        has_targets=any(score.target for score in scores),
        has_last_year=edition.last_year is not None and any(score.last_year.text != formats.UNDEFINED for score in scores),
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _score(edition: Edition, figure: content.Figure) -> Score:
    return Score(
        slug=figure.slug,
        name=_(DEFINITIONS[figure.slug].name),
        value=text(edition, figure),
        reason=reason_text(figure.reason) if figure.value is None else "",
        provisional=provisional_word(figure),
        target=target(edition, figure),
        previous=_compared(edition, figure, figure.previous),
        last_year=_compared(edition, figure, figure.last_year),
    )


def _compared(edition: Edition, figure: content.Figure, base: Decimal | None) -> Compared:
    beside = replace(figure, previous=base)
    return Compared(previous_text(edition, beside), change(edition, beside))
