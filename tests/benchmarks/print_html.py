"""The content of a report as one plain page of HTML for print: what somebody would give to a renderer of HTML.

From the very texts and pictures that typst is given, so that both print the same.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.template import Context, Engine

from reports.presentation import Presentation
from reports.rendering.pdf import inputs

FILE = Path(__file__).with_name("report.html")


def page(presentation: Presentation) -> str:
    given = inputs(presentation)
    data = json.loads(given["data"])
    is_long = data["length"] == "monthly"
    for tile in data["tiles"]:
        tile["spark"] = given[f"spark_{tile['slug']}"]
    tables = ("money", "channels", "campaigns", "mailings", "posts", "pages") if is_long else ("channels", "campaigns")
    content = {
        "data": data,
        "is_long": is_long,
        "cards": [data[name] for name in ("scorecard", "customers") if data[name]],
        "drawings": _drawings(data, given),
        "tables": [data[name] for name in tables if data[name]] + _ranked(data["ranking"]),
    }
    return Engine(libraries={"l10n": "django.templatetags.l10n"}).from_string(FILE.read_text()).render(Context(content))


def _drawings(data: dict[str, Any], given: dict[str, str]) -> list[dict[str, Any]]:
    falls = [(item, f"waterfall_{index}", item["change"]) for index, item in enumerate(data["waterfalls"])]
    courses = [(data[name], name, data[name]["summary"]) for name in ("trend", "leads") if data[name]]
    return [
        {"title": item["title"], "svg": given[name], "note": note, "begins": place == 0}
        for several in (falls, courses)
        for place, (item, name, note) in enumerate(several)
    ]


def _ranked(ranking: dict[str, Any] | None) -> list[dict[str, Any]]:
    if not ranking:
        return []
    heads = {"name_header": ranking["name_header"], "columns": ranking["columns"]}
    return [{**heads, "title": ranking[f"{side}_title"], "rows": ranking[side]} for side in ("best", "worst")]
