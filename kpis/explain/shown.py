"""What is behind a figure as a page shows it, in the active language."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from campaigns import connections, families
from kpis import formats
from kpis.definitions import Unit
from kpis.explain import sentences
from kpis.explain.change import Change, Group
from kpis.explain.number import Explanation, Loaded, Part
from kpis.explain.rows import Row
from kpis.measures import Measure
from kpis.query import By, Value
from kpis.words import REASONS


@dataclass(frozen=True)
class Line:
    """A row of facts: where it is from, what told it, and what it adds, one text for each measure."""

    row: Row
    source: str
    channel: str
    amounts: list[str]


class Shown:
    """Texts of one figure, of its rows and of its change."""

    def __init__(self, explanation: Explanation, change: Change, currency: str) -> None:
        self.explanation, self.change, self.currency = explanation, change, currency
        self.definition = explanation.figure.definition
        self.language = (get_language() or "en")[:2]

    @property
    def name(self) -> str:
        return _(self.definition.name)

    @property
    def formula(self) -> str:
        return _(self.definition.formula)

    @property
    def caveats(self) -> list[str]:
        return [_(caveat) for caveat in self.definition.caveats]

    @property
    def value(self) -> str:
        return self._figure(self.explanation.compared.value, self.definition.unit)

    @property
    def reason(self) -> str:
        return _reason(self.explanation.compared.value)

    @property
    def parts(self) -> list[tuple[str, str, Part]]:
        """Each measure, its sum or why there is none, and itself."""
        return [(_(part.measure.name), self._measured(part.measure, part.value), part) for part in self.explanation.parts]

    @property
    def loaded(self) -> list[tuple[str, Loaded]]:
        return [(_(families.NAMES[loaded.family]), loaded) for loaded in self.explanation.loaded]

    @property
    def lines(self) -> list[Line]:
        measures = {part.measure.slug: part.measure for part in self.explanation.parts}
        return [self._line(row, measures) for row in self.explanation.rows]

    @property
    def sentences(self) -> list[str]:
        return sentences.about(self.change, self.currency)

    @property
    def groups(self) -> list[tuple[str, str, str, str]]:
        """Each channel or campaign: its figure before, its figure now, and its effect or why it is not known."""
        return [self._group(group) for group in self.change.groups]

    def _group(self, group: Group) -> tuple[str, str, str, str]:
        unit = self.definition.unit
        effect = Value(group.effect.total).decimal if group.effect else None
        told = formats.UNDEFINED if effect is None else formats.difference(effect, unit, self.currency, self.language)
        name = sentences.group_name(group.key, self.change.by)
        return name, self._figure(group.previous, unit), self._figure(group.value, unit), told

    def _line(self, row: Row, measures: dict[str, Measure]) -> Line:
        amounts = [self._added(row, measures[slug]) for slug, amount in row.amounts.items() if amount != 0]
        channel = sentences.group_name(row.channel, By.CHANNEL) if row.channel else ""
        return Line(row, connections.title(row.source) if row.source else "", channel, amounts)

    def _added(self, row: Row, measure: Measure) -> str:
        told = {"name": _(measure.name), "value": self._measured(measure, Value(row.value(measure)))}
        amount = Value(row.amounts[measure.slug]).decimal
        if not measure.is_money or row.currency == self.currency or amount is None:
            return _("%(name)s: %(value)s") % told
        return _("%(name)s: %(value)s, told as %(amount)s") % {**told, "amount": formats.money(amount, row.currency, self.language)}

    def _measured(self, measure: Measure, value: Value) -> str:
        return _reason(value) or self._figure(value, Unit.MONEY if measure.is_money else Unit.COUNT)

    def _figure(self, value: Value, unit: Unit) -> str:
        return formats.figure(value.decimal, unit, self.currency, self.language)


def _reason(value: Value) -> str:
    return _(REASONS[value.reason]) if value.reason else ""
