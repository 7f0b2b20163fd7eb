"""A KPI by channel, campaign or label, as a table with bars."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from campaigns.channels import CHANNELS
from kpis import formats
from kpis.query import By
from kpis.targets import whose
from reports import content
from reports.gather.gathering import compared
from reports.kpi_page.gathering import Gathered
from reports.presentation.figures import moved
from reports.presentation.parts import Change
from reports.presentation.targets import Target, beside
from reports.presentation.words import reason_text

# More would not be read; the file has all.
MOST = 40


@dataclass(frozen=True)
class Row:
    """A part. `share`: the length of its bar, 0 to 100; `query`: what confines the page to it."""

    name: str
    value: str
    reason: str
    share: float | None
    before: str
    change: Change | None
    target: Target | None
    query: str


class Breakdown:
    def __init__(self, found: Gathered, by: By, currency: str, language: str) -> None:
        self.found, self.by, self.currency, self.language = found, by, currency, language
        self.definition = found.figure.definition
        self.figures = sorted(self._figures(), key=_by_size)

    @property
    def rows(self) -> list[Row]:
        longest = max((abs(figure.value) for _key, figure in self.figures if figure.value is not None), default=Decimal(0))
        return [self._row(key, figure, longest) for key, figure in self.figures[:MOST]]

    @property
    def left_out(self) -> int:
        return max(0, len(self.figures) - MOST)

    @property
    def has_targets(self) -> bool:
        return any(figure.target is not None for _key, figure in self.figures)

    @property
    def total(self) -> tuple[str, str, Change | None]:
        """The figure itself: of ratios, that of all together."""
        figure = self.found.headline
        return self._text(figure.value), self._text(figure.previous), moved(figure, self.language)

    def _figures(self) -> Iterator[tuple[str, content.Figure]]:
        for group in self.found.parts.groups:
            pair = group.compared(self.definition, self.found.parts.coverage)
            channel = whose(self.found.figure.only, self.by, group.key)
            target = self.found.targets.over(self.definition.slug, self.found.figure.period, channel)
            yield group.key, compared(self.definition.slug, pair, target)

    def _row(self, key: str, figure: content.Figure, longest: Decimal) -> Row:
        return Row(
            name=self._name(key),
            value=self._text(figure.value),
            reason=reason_text(figure.reason) if figure.value is None else "",
            share=round(float(max(figure.value, Decimal(0)) / longest * 100), 1) if figure.value is not None and longest else None,
            before=self._text(figure.previous),
            change=moved(figure, self.language),
            target=beside(figure, self.currency, self.language),
            query=urlencode({self.by.value: key}),
        )

    def _name(self, key: str) -> str:
        if self.by is By.CHANNEL:
            return _(CHANNELS[key]) if key in CHANNELS else key
        return key or (_("No campaign") if self.by is By.CAMPAIGN else _("No label"))

    def _text(self, value: Decimal | None) -> str:
        return formats.figure(value, self.definition.unit, self.currency, self.language)


def _by_size(pair: tuple[str, content.Figure]) -> tuple[bool, Decimal, str]:
    """The greatest first, those not known last."""
    key, figure = pair
    return figure.value is None, -(figure.value or Decimal(0)), key
