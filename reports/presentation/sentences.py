"""The week in sentences: the inbox line, the verdict, what moved."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext as _

from kpis import formats
from kpis.definitions import DEFINITIONS
from reports import content
from reports.periods_named import Named
from reports.presentation.edition import Edition
from reports.presentation.figures import change, previous_text, provisional_word, text, tile_label
from reports.presentation.parts import Tone
from reports.presentation.words import subjects

# A change from this fraction on is worth a sentence.
NOTABLE = Decimal("0.03")
MOST_SENTENCES = 3


def subject(edition: Edition) -> str:
    """The week, the main KPI and its change: the line an inbox shows."""
    figure = _main(edition)
    named = {"client": edition.report.client_name, "period": edition.period.name}
    if figure is None:
        return _("%(client)s, %(period)s: no figures yet") % named
    moved = change(edition, figure)
    value = f"{text(edition, figure)} ({moved.text})" if moved else text(edition, figure)
    words = {**named, "kpi": _(DEFINITIONS[figure.slug].name), "value": value}
    return _("%(client)s, %(period)s: %(kpi)s %(value)s") % words


def verdict(edition: Edition) -> str:
    """What the week came to, in one sentence."""
    figure = _main(edition)
    if figure is None:
        return _("No figure is known for %(period)s yet.") % {"period": edition.period.name}
    clause = _clause(edition, figure)
    spend = edition.headlines.get("spend")
    if figure.slug == "spend" or spend is None or spend.value is None:
        return f"{clause}."
    return _("%(clause)s, for %(spend)s of ad spend.") % {"clause": clause, "spend": text(edition, spend)}


def _main(edition: Edition) -> content.Figure | None:
    """The figure the week is judged by: revenue if known and no longer moving, else leads, else ad spend."""
    known = (edition.headlines.get(slug) for slug in ("revenue", "leads", "spend"))
    return next((figure for figure in known if figure and figure.value is not None and not figure.is_provisional), None)


def _clause(edition: Edition, figure: content.Figure) -> str:
    """What became of one figure, as a sentence without its full stop."""
    unit = DEFINITIONS[figure.slug].unit
    step = formats.change_step(figure.value, figure.previous, unit)
    words = {**_words(edition, figure), "within": edition.period.within, "on": edition.before.on}
    if step is None:
        return _("%(subject)s came to %(value)s %(within)s") % words
    if step == 0:
        return _("%(subject)s came to %(value)s %(within)s, stable %(on)s") % words
    if step > 0:
        return _("%(subject)s came to %(value)s %(within)s, up %(size)s %(on)s") % words
    return _("%(subject)s came to %(value)s %(within)s, down %(size)s %(on)s") % words


def notable(edition: Edition, tone: Tone) -> tuple[str, ...]:
    """Sentences on what moved by `NOTABLE` or more, the largest moves first."""
    moved = []
    for figure in edition.headlines.values():
        step, size = change(edition, figure), formats.relative_change(figure.value, figure.previous)
        if step and size is not None and step.tone == tone and abs(size) >= NOTABLE:
            moved.append((abs(size), figure))
    moved.sort(key=lambda pair: pair[0], reverse=True)
    return tuple(_sentence(edition, figure) for _size, figure in moved[:MOST_SENTENCES])


def _sentence(edition: Edition, figure: content.Figure) -> str:
    words = {**_words(edition, figure), "previous": previous_text(edition, figure)}
    moved = change(edition, figure)
    if moved and moved.arrow == "up":
        return _("%(subject)s rose by %(size)s, from %(previous)s to %(value)s") % words + "."
    return _("%(subject)s fell by %(size)s, from %(previous)s to %(value)s") % words + "."


def _words(edition: Edition, figure: content.Figure) -> dict[str, object]:
    definition = DEFINITIONS[figure.slug]
    return {
        "subject": subjects().get(figure.slug, _(definition.name)),
        "value": text(edition, figure),
        "size": formats.change_size(figure.value, figure.previous, definition.unit, edition.language),
    }


def threshold(edition: Edition) -> str:
    """From which change on a KPI gets a sentence."""
    share = formats.fraction(NOTABLE, edition.language, decimals=0)
    return _("Changes of %(share)s or more %(compared)s") % {"share": share, "compared": edition.before.compared}


def provisional(edition: Edition) -> str:
    """Which headline figures are not judged yet, and why; "" if all are."""
    labels = [tile_label(DEFINITIONS[figure.slug]) for figure in edition.headlines.values() if provisional_word(figure)]
    if not labels:
        return ""
    return _("Provisional, not judged yet: %(kpis)s. Conversions are still arriving.") % {"kpis": ", ".join(labels)}


def comparison(edition: Edition) -> str:
    """The period before, and last year's where the report has it, each by its name and days."""
    before, last_year = _dated(edition.before, edition.before.compared), edition.last_year
    told = f"{before[:1].upper()}{before[1:]}"
    if last_year is None:
        return told
    return f"{told} {_dated(last_year, last_year.and_compared)}"


def _dated(period: Named, said: str) -> str:
    """A period's days stand beside its name, but for a month, which needs none, and where they are its name."""
    return said if period.form in ("month", "days") else f"{said} ({period.days})"
