"""The other side of the report benchmark, in a process of its own: WeasyPrint makes a PDF of a page of HTML.

Reads one JSON object and writes one. What can be done once is done before the clock starts: fonts are read, and their styles.
Of ours it imports the meter: it runs with the packages of `requirements-comparison.lock`.
"""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration

from tests.benchmarks.meter import Spent, spent

WAYS: dict[str, str | None] = {"plain": None, "tagged": "pdf/ua-1"}


def main(asked: dict[str, Any]) -> dict[str, list[Spent]]:
    """By way, the time of each page. `asked`: fonts (family, weight, file), pages (names of HTML files), backend.

    The PDF of each page is left beside it.
    """
    fonts = FontConfiguration()
    faces = (
        f"@font-face {{ font-family: '{name}'; font-weight: {weight}; src: url('file://{file}') }}" for name, weight, file in asked["fonts"]
    )
    styles = CSS(string="".join(faces), font_config=fonts)

    def write(page: Path, way: str) -> None:
        document = HTML(filename=page).write_pdf(stylesheets=[styles], font_config=fonts, pdf_variant=WAYS[way])
        page.with_suffix(f".{way}.pdf").write_bytes(document)

    pages = [Path(name) for name in asked["pages"].values()]
    write(pages[0], "plain")  # the first reads the fonts
    return {way: [spent(partial(write, page, way), asked["backend"]) for page in pages] for way in WAYS}


if __name__ == "__main__":
    print(json.dumps(main(json.load(sys.stdin))))
