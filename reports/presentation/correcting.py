"""Figures of earlier reports that are others now, old and new."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import ngettext

from kpis import formats
from kpis.definitions import DEFINITIONS
from reports import content
from reports.periods_named import key_name
from reports.presentation.edition import Edition
from reports.presentation.figures import tile_label


@dataclass(frozen=True)
class Correction:
    """`old` is what was told, `new` what is known now."""

    period: str
    label: str
    old: str
    new: str


@dataclass(frozen=True)
class Corrections:
    """`small` counts in words what moved too little to be listed; "" for none."""

    listed: tuple[Correction, ...]
    small: str


def corrections(edition: Edition) -> Corrections | None:
    """None where every figure that was told still holds."""
    told = edition.report.corrections
    if not told.listed and not told.small:
        return None
    text = ngettext(
        "%(count)d more figure of earlier reports changed by less than 1%%.",
        "%(count)d more figures of earlier reports changed by less than 1%%.",
        told.small,
    )
    return Corrections(tuple(_correction(edition, each) for each in told.listed), text % {"count": told.small} if told.small else "")


def _correction(edition: Edition, correction: content.Correction) -> Correction:
    definition, report = DEFINITIONS[correction.slug], edition.report
    old, new = (formats.figure(value, definition.unit, report.currency, edition.language) for value in (correction.old, correction.new))
    if old == new:  # told to the cent where whole units would hide what changed
        old, new = (
            formats.figure(value, definition.unit, report.currency, edition.language, whole=False)
            for value in (correction.old, correction.new)
        )
    return Correction(key_name(correction.period, edition.language), tile_label(definition), old, new)
