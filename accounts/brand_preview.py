"""What a brand's colours become on a page, in a mail and on a report's cover, and how well each can be read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from babel.numbers import format_decimal
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_noop as _

from accounts import colours
from accounts.models import Agency

COLOUR = re.compile(r"#[0-9a-f]{6}")
# What a picture of such a size has room for.
LONGEST_NAME, LONGEST_FOOTER = 22, 44
WHITE = "#ffffff"


@dataclass(frozen=True)
class Contrast:
    """How one text reads on its ground. `is_as_chosen`: the brand's colour was not changed for it."""

    what: str
    ratio: str
    is_as_chosen: bool
    colour: str


@dataclass(frozen=True)
class Preview:
    name: str
    initial: str
    footer: str
    page: dict[str, str]
    mail: dict[str, str]
    cover: dict[str, str]
    contrasts: tuple[Contrast, ...]
    # Fields that were not understood, and are shown as they are in force.
    unread: tuple[str, ...]


def of(agency: Agency, said: Mapping[str, Any]) -> Preview:
    """What the agency would look like with what was `said` in its form; without it, as it does."""
    primary, has_primary = _colour(said.get("primary_colour"), agency.primary_colour)
    accent, has_accent = _colour(said.get("accent_colour"), agency.accent_colour)
    name = str(said.get("name") or agency.name).strip() or agency.name
    footer = " · ".join(str(said.get("footer", agency.footer)).splitlines())
    page, mail, cover = colours.on_page(primary), colours.in_mail(primary), colours.in_print(primary, accent)
    page |= {"button": colours.on(page["link"])}
    return Preview(
        _short(name, LONGEST_NAME),
        name[:1].upper(),
        _short(footer, LONGEST_FOOTER),
        page,
        mail,
        cover,
        (
            _contrast(_("Names on the side bar"), WHITE, page["side"], primary, page["side"]),
            _contrast(_("Links on a page, by day"), page["link"], colours.PAGE, primary, page["link"]),
            _contrast(_("Links on a page, by night"), page["link_dark"], colours.RAISED_NIGHT, primary, page["link_dark"]),
            _contrast(_("Button in a mail"), mail["on_button_dark"], mail["button_dark"], primary, mail["button_dark"]),
            _contrast(_("Title on the cover"), cover["on_primary"], cover["primary"], primary, cover["primary"]),
        ),
        tuple(field for field, is_read in (("primary_colour", has_primary), ("accent_colour", has_accent)) if not is_read),
    )


def _contrast(what: str, one: str, other: str, chosen: str, used: str) -> Contrast:
    ratio = format_decimal(round(colours.contrast(one, other), 1), locale=(get_language() or "en")[:2])
    return Contrast(gettext(what), f"{ratio} : 1", used == chosen, used)


def _colour(said: Any, present: str) -> tuple[str, bool]:
    if said is None:
        return present, True
    found = str(said).strip().lower()
    return (found, True) if COLOUR.fullmatch(found) else (present, False)


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
