"""Every page as people see it: light, dark and on a phone, with the data of a pulled account.

`python3 manage.py test -m pictures -n 0` leaves them in `var/pictures/pages` (`VIGIE_PICTURES` names another folder than
`var/pictures`); it fails where a page moves sideways on a phone or does not answer.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Literal

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page

from reports.pages.catalogue import PAGES
from tests.conftest import Cast
from tests.e2e import pages

pytestmark = pytest.mark.pictures
# Name, width and height in pixels, scheme.
VIEWS: tuple[tuple[str, int, int, Literal["light", "dark"]], ...] = (
    ("light", 1280, 900, "light"), ("dark", 1280, 900, "dark"), ("phone", 390, 844, "light"),
)  # fmt: skip
SIZE = "(({scrollWidth, scrollHeight}) => ({width: scrollWidth, height: scrollHeight}))(document.documentElement)"


def test_every_page_is_drawn_and_fits_a_phone(chromium: Browser, site: str, pulled: Cast) -> None:
    folder = Path(os.environ.get("VIGIE_PICTURES", settings.BASE_DIR / "var" / "pictures")) / "pages"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    found = pages.every(pulled)
    of_client = [f"/c/lumen/{'' if name == 'overview' else f'{name}/'}" for name in PAGES]
    wrong: list[str] = []
    for language, person, addresses in (("en", None, found.anybody), ("en", pulled.owner, found.owner), ("fr", pulled.owner, of_client)):
        context = chromium.new_context(locale=language, reduced_motion="reduce")
        page = context.new_page()
        if person:
            pages.sign_in(page, site, person)
        for address in addresses:
            wrong += draw(page, site, address, folder / f"{named(address)}-{language}", gone=found.gone)
        context.close()
    assert wrong == [], "\n".join(wrong)


def draw(page: Page, site: str, address: str, path: Path, *, gone: frozenset[str]) -> list[str]:
    """Pictures of it; what is wrong with it."""
    answer = page.goto(site + address)
    assert answer
    found = [f"{address}: {answer.status}"] if answer.status >= 400 and address not in gone else []
    for view, width, height, scheme in VIEWS:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        size: dict[str, Any] = page.evaluate(
            "({width: document.documentElement.scrollWidth, height: document.documentElement.scrollHeight})"
        )
        page.screenshot(path=f"{path}-{view}.png", full_page=True)
        if size["width"] > width:
            found.append(f"{address}: {size['width']} pixels wide, {view}")
    return found


def named(address: str) -> str:
    """Without what changes from run to run."""
    return re.sub(r"[^\w]+", "-", re.sub(r"/(r/\d+|u)[./](?!no-such)[^/]+/", r"/\1/", address)).strip("-") or "home"
