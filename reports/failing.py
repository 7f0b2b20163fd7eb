"""What cannot be told: a part of a page fails by itself, and is named to whoever reads the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.utils.translation import gettext_noop as _

Given = ParamSpec("Given")
Found = TypeVar("Found")

# What a page can do without, by the names of its sections, and its figures altogether.
FIGURES = "figures"
PARTS = {
    FIGURES: _("Figures"),
    "tiles": _("Key figures"),
    "courses": _("Charts"),
    "by_channel": _("Charts by channel"),
    "contributions": _("Why it changed"),
    "pace": _("This month"),
    "funnel": _("Funnel"),
    "ranking": _("Best and worst campaigns"),
    "notes": _("From your team"),
    "channels": _("Channels"),
    "campaigns": _("Campaigns"),
    "times": _("Day by day"),
    "mailings": _("E-mails sent"),
    "pages": _("Landing pages"),
    "posts": _("Posts on social networks"),
    "retention": _("Retention"),
    "sources": _("Data status"),
}
# What is made at a press, by itself.
FILES = {"pdf": _("The PDF could not be made"), "file": _("The file could not be made")}


class Failed(Exception):
    """`part` cannot be told; `reason` says why."""

    def __init__(self, part: str, reason: Exception) -> None:
        super().__init__(f"{part}: {type(reason).__name__}: {reason}")
        self.part = part


def attempt(part: str, tell: Callable[Given, Found], *given: Given.args, **named: Given.kwargs) -> Found:
    """What `tell` says. Raises `Failed` for `part` where it raises anything."""
    try:
        return tell(*given, **named)
    except Failed:
        raise
    except Exception as error:
        raise Failed(part, error) from error
