"""What a page offers to choose from: days, what they are compared with, channels and labels. Plain links and one form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from campaigns.channels import CHANNELS
from campaigns.models import Campaign
from kpis.comparing import Compare
from kpis.periods import Calendar
from kpis.serializers import CUSTOM
from reports import dates
from reports.pages.asked import Asked, Preset, neighbours
from reports.pages.catalogue import Page


@dataclass(frozen=True)
class Choice:
    """A line to choose. `detail` says which days it means now."""

    value: str
    name: str
    url: str
    is_chosen: bool
    detail: str = ""


@dataclass(frozen=True)
class Picker:
    """`earlier` and `later` lead to the days beside those shown; "" where none are over yet. `reset` drops the filters."""

    presets: tuple[Choice, ...]
    comparisons: tuple[Choice, ...]
    channels: tuple[Choice, ...]
    labels: tuple[Choice, ...]
    campaigns: tuple[str, ...]
    earlier: str
    later: str
    reset: str
    filtered: int


def picker(asked: Asked, page: Page, yesterday: date, calendar: Calendar) -> Picker:
    before, after = neighbours(asked.period, yesterday, calendar)
    days = ("period", "from", "to", "page")
    labels = _labels() if page.is_divisible else []
    return Picker(
        presets=tuple(_preset(asked, preset, yesterday, calendar) for preset in Preset),
        comparisons=tuple(_comparison(asked, name, text) for name, text in _comparisons().items()),
        channels=tuple(
            Choice(slug, _(name), "", slug in asked.only.channels) for slug, name in (CHANNELS.items() if page.is_divisible else ())
        ),
        labels=tuple(Choice(label, label, "", label in asked.only.labels) for label in labels),
        campaigns=asked.only.campaigns,
        earlier=f"?{asked.query(days, **before)}",
        later=f"?{asked.query(days, **after)}" if after else "",
        reset=f"?{asked.query(('channel', 'campaign', 'label', 'page'))}",
        filtered=len(asked.only.channels) + len(asked.only.labels) + len(asked.only.campaigns),
    )


def _preset(asked: Asked, preset: Preset, yesterday: date, calendar: Calendar) -> Choice:
    language = (get_language() or "en")[:2]
    days = preset.days(yesterday, calendar)
    url = f"?{asked.query(('from', 'to', 'page'), period=preset.value)}"
    return Choice(preset.value, names()[preset], url, asked.name == preset, dates.days(days.since, days.until, language))


def _comparison(asked: Asked, name: str, text: str) -> Choice:
    return Choice(name, text, "", asked.compared == name)


def names() -> dict[Preset, str]:
    """What presets are called, in the active language."""
    return {
        Preset.LAST_WEEK: _("Last week"),
        Preset.LAST_7: _("Last 7 days"),
        Preset.LAST_28: _("Last 28 days"),
        Preset.LAST_90: _("Last 90 days"),
        Preset.THIS_MONTH: _("This month so far"),
        Preset.LAST_MONTH: _("Last month"),
        Preset.LAST_QUARTER: _("Last quarter"),
        Preset.THIS_YEAR: _("This year so far"),
        Preset.LAST_12_MONTHS: _("Last 12 months"),
    }


def _comparisons() -> dict[str, str]:
    return {
        Compare.PREVIOUS.value: _("Previous period"),
        Compare.LAST_YEAR.value: _("Same period last year"),
        CUSTOM: _("Other dates"),
    }


def _labels() -> list[str]:
    """Every label that a campaign has."""
    return sorted({label for labels in Campaign.objects.exclude(labels=[]).values_list("labels", flat=True) for label in labels})
