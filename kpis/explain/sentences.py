"""A change in three sentences of the active language, whose every number is bound, never written."""

from __future__ import annotations

from fractions import Fraction

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from campaigns.channels import CHANNELS
from kpis import formats
from kpis.explain.change import Change, Effect, Group
from kpis.query import By, Value
from kpis.words import REASONS


def about(change: Change, currency: str) -> list[str]:
    """What changed, by which kind of effect, and by whom the most; one sentence where nothing can be told apart."""
    return _Sentences(change, currency).all()


def group_name(key: str, by: By) -> str:
    """A channel or campaign as it is called in text."""
    if by is By.CHANNEL:
        return _(CHANNELS[key])
    return key or _("No campaign")


class _Sentences:
    def __init__(self, change: Change, currency: str) -> None:
        self.change, self.currency = change, currency
        self.definition = change.figure.definition
        self.language = (get_language() or "en")[:2]

    def all(self) -> list[str]:
        effect = self.change.effect
        if effect is None:
            return [self._unknown()]
        if effect.total == 0:
            return [_("%(name)s did not change: %(value)s.") % self._whole()]
        kinds = self._ratio(effect) if self.change.is_ratio else self._sum()
        return [
            _("%(name)s went from %(previous)s to %(value)s, a difference of %(difference)s.") % self._whole(),
            kinds,
            self._most(effect),
        ]

    def _whole(self) -> dict[str, str]:
        return {
            "name": _(self.definition.name),
            "value": self._figure(self.change.value),
            "previous": self._figure(self.change.previous),
            "difference": self._difference(self.change.difference),
        }

    def _unknown(self) -> str:
        told = {"name": _(self.definition.name), "reason": _(REASONS[self.change.reason]) if self.change.reason else ""}
        if self.change.difference is None:
            return _("The change of %(name)s is not known. %(reason)s.") % told
        return _("%(name)s went from %(previous)s to %(value)s, which cannot be divided further.") % self._whole()

    def _ratio(self, effect: Effect) -> str:
        told = {name: self._difference(part) for name, part in (("mix", effect.mix), ("rate", effect.rate), ("apart", effect.apart))}
        if self.change.by is By.CHANNEL:
            text = _("The weight of channels made %(mix)s of it, and their own ratios %(rate)s.")
        else:
            text = _("The weight of campaigns made %(mix)s of it, and their own ratios %(rate)s.")
        if effect.apart:
            text = text[:-1] + _("; what has nothing to divide by, %(apart)s.")
        return text % told

    def _sum(self) -> str:
        effects = [group.effect.total for group in self.change.groups if group.effect]
        told = {
            "up": self._difference(sum((each for each in effects if each > 0), Fraction(0))),
            "down": self._difference(sum((each for each in effects if each < 0), Fraction(0))),
        }
        if self.change.by is By.CHANNEL:
            return _("Channels that rose made %(up)s of it, and those that fell %(down)s.") % told
        return _("Campaigns that rose made %(up)s of it, and those that fell %(down)s.") % told

    def _most(self, effect: Effect) -> str:
        known = [(group, group.effect.total) for group in self.change.groups if group.effect]
        first, size = max(known, key=lambda pair: pair[1] * (1 if effect.total > 0 else -1))
        other, against = min(known, key=lambda pair: pair[1] * (1 if effect.total > 0 else -1))
        told = {"group": self._name(first), "effect": self._difference(size)}
        if against * size >= 0:
            return _("The most came from %(group)s: %(effect)s.") % told
        told |= {"other": self._name(other), "against": self._difference(against)}
        return _("The most came from %(group)s: %(effect)s; the most against it from %(other)s: %(against)s.") % told

    def _name(self, group: Group) -> str:
        return group_name(group.key, self.change.by)

    def _figure(self, value: Value) -> str:
        return formats.figure(value.decimal, self.definition.unit, self.currency, self.language)

    def _difference(self, value: Fraction | None) -> str:
        decimal = Value(value).decimal
        return formats.UNDEFINED if decimal is None else formats.difference(decimal, self.definition.unit, self.currency, self.language)
