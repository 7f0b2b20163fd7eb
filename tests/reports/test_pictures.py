"""Reports as people see them: mails on a phone, a desktop and in the dark, and the pages of PDFs, in two brands.

`python3 manage.py test -m pictures -n 0` leaves them in `var/pictures` (`VIGIE_PICTURES` names another folder); it fails where
something reaches over an edge, a page is blank, or a document has more or fewer pages than its kind may have.
"""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pypdf
import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page

from accounts.brand import Brand
from reports.content import Report
from reports.presentation import Presentation, present
from reports.rendering import Links, email_parts, pdf
from reports.rendering.pdf import pictures
from tests.reports import sample

pytestmark = pytest.mark.pictures

BRANDS = {
    "nord": Brand("Atelier Nord", "#1f4e5f", "#e08e45", footer="12 rue de l’Exemple\n75000 Paris"),
    "echo": Brand("Studio Écho", "#f0d67f", "#ffffff"),
}
# What is drawn, in which language, on how many pages at least and at most.
KINDS: dict[str, tuple[Callable[[], Report], str, int, int]] = {
    "french": (sample.weekly, "fr", 4, 6),
    "english": (sample.weekly, "en", 4, 6),
    "month": (sample.monthly, "fr", 8, 12),
    "empty": (sample.empty, "fr", 2, 3),
    "all-null": (sample.all_null, "en", 3, 6),
    "huge": (sample.huge, "fr", 6, 10),
    "unbroken": (sample.unbroken, "fr", 4, 8),
}
LINKS = Links(*[f"https://reports.example/{name}" for name in ("r", "pdf", "c", "glossary", "u")])
# Name, width in pixels, scheme.
VIEWS: tuple[tuple[str, int, Literal["light", "dark"]], ...] = (("phone", 390, "light"), ("desktop", 1100, "light"), ("dark", 390, "dark"))
# At which a mail is not drawn, but fits as well.
OTHER_WIDTHS = (*range(320, 390, 10), 480, 600)
PER_INCH = 72
# In points: what stays white around a page's text, and what the whole text may at least cover.
EDGE, LEAST_INK = 24, 0.004
FEWEST_WORDS = 100
# Each text that reaches over an edge of the window.
OVER = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), over = [], range = document.createRange();
  while (walker.nextNode()) {
    range.selectNodeContents(walker.currentNode);
    for (const box of range.getClientRects())
      if (box.width > 1 && box.height > 1 && (box.left < -0.5 || box.right > innerWidth + 0.5)) over.push(walker.currentNode.data.trim());
  }
  return {over: over.filter(Boolean), width: document.documentElement.scrollWidth, words: document.body.innerText.split(/\\s+/).length};
}"""
# Of a picture: the share of it that is not white, and whether anything lies within `edge` pixels of its sides.
INK = """async ({data, edge}) => {
  const picture = await createImageBitmap(await (await fetch("data:image/png;base64," + data)).blob());
  const canvas = new OffscreenCanvas(picture.width, picture.height), pen = canvas.getContext("2d");
  pen.drawImage(picture, 0, 0);
  const dots = pen.getImageData(0, 0, picture.width, picture.height).data;
  let ink = 0, outside = 0;
  for (let at = 0; at < dots.length; at += 4) {
    if (dots[at] > 250 && dots[at + 1] > 250 && dots[at + 2] > 250) continue;
    ink++;
    const x = at / 4 % picture.width, y = Math.floor(at / 4 / picture.width);
    if (x < edge || x >= picture.width - edge || y < edge || y >= picture.height - edge) outside++;
  }
  return {ink: ink / (picture.width * picture.height), outside};
}"""


@pytest.fixture(scope="module")
def folder() -> Path:
    found = Path(os.environ.get("VIGIE_PICTURES", settings.BASE_DIR / "var" / "pictures"))
    found.mkdir(parents=True, exist_ok=True)
    for old in (*found.glob("*.png"), *found.glob("*.pdf")):
        old.unlink()
    return found


@pytest.fixture
def window(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context()
    yield context
    context.close()


def shown(kind: str, brand: str) -> Presentation:
    build, language, _fewest, _most = KINDS[kind]
    return present(replace(build(), snapshot="3f9ac41d77e08b5512aa"), language, BRANDS[brand])


@pytest.mark.parametrize("brand", BRANDS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_mail_fits_every_window(kind: str, brand: str, window: BrowserContext, folder: Path) -> None:
    _subject, html, _text = email_parts(shown(kind, brand), LINKS)
    page = window.new_page()
    page.set_content(html)
    for view, width, scheme in VIEWS:
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=folder / f"{kind}-{brand}-mail-{view}.png", full_page=True)
        check_fits(page, width)
    for width in OTHER_WIDTHS:
        page.set_viewport_size({"width": width, "height": 844})
        check_fits(page, width)


def check_fits(page: Page, width: int) -> None:
    found = page.evaluate(OVER)
    assert (found["over"], found["width"]) == ([], width)
    assert found["words"] > FEWEST_WORDS


@pytest.mark.parametrize("brand", BRANDS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_page_of_a_pdf_has_text_within_its_margins(kind: str, brand: str, window: BrowserContext, folder: Path) -> None:
    presentation = shown(kind, brand)
    document = pdf(presentation)
    (folder / f"{kind}-{brand}.pdf").write_bytes(document)
    reader, drawn = pypdf.PdfReader(io.BytesIO(document)), pictures(presentation, PER_INCH)
    _build, _language, fewest, most = KINDS[kind]
    assert fewest <= len(reader.pages) == len(drawn) <= most
    browser = window.new_page()
    for number, (page, png) in enumerate(zip(reader.pages, drawn, strict=True), start=1):
        (folder / f"{kind}-{brand}-pdf-{number:02}.png").write_bytes(png)
        assert len(page.extract_text().split()) > 40, f"page {number} says nothing"
        found: dict[str, Any] = browser.evaluate(INK, {"data": base64.b64encode(png).decode(), "edge": EDGE * PER_INCH // 72})
        assert found["ink"] > LEAST_INK, f"page {number} is blank"
        # A cover is painted to its edges.
        assert number == 1 or not found["outside"], f"page {number} reaches over its margins"
