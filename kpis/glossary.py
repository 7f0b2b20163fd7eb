"""What every KPI means, in the active language, with the choices of the client whose schema is open."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import Client
from accounts.search import fold
from campaigns import systems
from kpis import choices
from kpis.choices import Choices
from kpis.decided import Choice, choices_of
from kpis.definitions import CHAPTERS, Definition
from kpis.reading import is_divisible
from kpis.words import DIRECTIONS, REASONS, UNITS


@dataclass(frozen=True)
class Entry:
    """One KPI. `parts`: the sums it is made of; `notes`: what may be done with its figures; `aliases`: what else finds it."""

    slug: str
    name: str
    short: str
    formula: str
    unit: str
    direction: str
    way: str
    parts: tuple[str, ...]
    notes: tuple[str, ...]
    caveats: tuple[str, ...]
    choices: tuple[Choice, ...]
    version: int
    aliases: str

    @property
    def above(self) -> str:
        """The numerator, where the formula is one quotient."""
        return _bare(self.formula.partition(" / ")[0])

    @property
    def below(self) -> str:
        """The denominator, or ""."""
        return _bare(self.formula.partition(" / ")[2])

    @cached_property
    def haystack(self) -> str:
        """Everything a search looks in."""
        decided = (text for choice in self.choices for text in (choice.name, choice.value))
        shown = (self.name, self.short, self.formula, self.unit, self.direction, *self.parts, *self.notes, *self.caveats, *decided)
        return fold(" ".join((*shown, self.aliases)))


@dataclass(frozen=True)
class Chapter:
    title: str
    anchor: str
    entries: tuple[Entry, ...]


def chapters(client: Client, asked: str = "") -> list[Chapter]:
    """Every KPI that has all words of `asked`, by chapter; of both languages, for "churn" is sought in French, too."""
    words = fold(asked).split()
    now, believed = choices.in_force(), systems.in_force()
    found = []
    for number, (title, definitions) in enumerate(CHAPTERS.items(), 1):
        entries = (_entry(definition, client, now, believed) for definition in definitions)
        kept = tuple(entry for entry in entries if all(word in entry.haystack for word in words))
        if kept:
            found.append(Chapter(_(title), f"chapter-{number}", kept))
    return found


def reasons() -> list[str]:
    """What a dash in place of a figure may mean."""
    return [_(words) for words in REASONS.values()]


def _bare(formula: str) -> str:
    """Without the parentheses that a line below or above makes needless."""
    return formula[1:-1] if formula.startswith("(") and formula.find(")") == len(formula) - 1 else formula


def _entry(definition: Definition, client: Client, now: Choices, believed: dict[str, str]) -> Entry:
    return Entry(
        slug=definition.slug,
        name=_(definition.name),
        short=_(definition.short),
        formula=_(definition.formula),
        unit=_(UNITS[definition.unit]) % {"currency": client.currency},
        direction=_(DIRECTIONS[definition.direction]),
        way=definition.direction,
        parts=tuple(_(measure.name) for measure in definition.measures) if len(definition.measures) > 1 else (),
        notes=tuple(_notes(definition)),
        caveats=tuple(_(caveat) for caveat in definition.caveats),
        choices=tuple(choices_of(definition.measures, now, believed)),
        version=definition.version,
        aliases=_aliases(definition),
    )


def _notes(definition: Definition) -> list[str]:
    notes = []
    if definition.is_additive:
        notes.append(_("Days add up"))
    if not all(is_divisible(measure) for measure in definition.measures):
        notes.append(_("Only in all, not by channel or campaign"))
    if definition.matures_in:
        notes.append(_("Keeps growing for some %(days)s days") % {"days": definition.matures_in})
    elif any(measure.settles_late for measure in definition.measures):
        notes.append(_("Provisional at first, as results come late"))
    return notes


def _aliases(definition: Definition) -> str:
    names = [definition.slug]
    for language, _name in settings.LANGUAGES:
        with override(language):
            names += [_(definition.name), _(definition.short)]
    return " ".join(dict.fromkeys(names))
