from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.management.found import found_client
from accounts.spreadsheets import csv_text
from accounts.tenancy import inside
from kpis import query, recompute, serialise
from kpis.management.options import add_days, add_forms, add_options, validated
from kpis.serializers import KpiQuerySerializer

# Parameters of the API that are options here, by the same names; of the latter, several values may be given.
SINGLE = ("by", "compare", "compare_from", "compare_to", "sort", "page", "page_size")
SEVERAL = ("kpi", "channel", "campaign", "label")


class Command(BaseCommand):
    help = "Print a client's KPIs of a period and of one to compare with, in all and by group. The API takes the same options."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("client", help="the client's slug")
        add_days(parser)
        add_options(parser, KpiQuerySerializer(), SINGLE, SEVERAL)
        parser.add_argument("--desc", action="store_true", default=None, help=str(KpiQuerySerializer().fields["desc"].help_text))
        add_forms(parser, "exact values as JSON", "exact values as a table for a spreadsheet")

    def handle(self, *, client: str, **options: Any) -> None:
        owner = found_client(client)
        asked = validated(KpiQuerySerializer, options, ("from", "to", "desc", *SINGLE, *SEVERAL))
        with inside(owner):
            recompute.catch_up(owner)
            [answer] = query.ask_all([asked.question])
            data = serialise.answer_data(owner, answer, asked.slugs, asked.listing, asked.only)
        if options["csv"]:
            self.stdout.write(csv_text(serialise.table(data)), ending="")
        else:
            self.stdout.write(json.dumps(data, indent=2) if options["json"] else _as_text(data))


def _as_text(data: dict[str, Any]) -> str:
    period, compared, paging = data["period"], data["compared"], data["paging"]
    lines = [
        f"{period['from']} to {period['to']} ({period['timezone']}, {period['currency']})",
        f"before: {compared['from']} to {compared['to']}",
    ]
    for part in [{"key": serialise.TOTAL, "kpis": data["kpis"]}, *data["groups"]]:
        lines += ["", part["key"] or "–"]
        for slug, figure in part["kpis"].items():
            mark = "   provisional" if figure["provisional"] else ""
            lines.append(f"  {slug:<30} {_figure(figure):>20}   before {figure['previous'] or '–'}{mark}")
    if paging["pages"] > 1:
        lines += ["", f"page {paging['page']} of {paging['pages']}"]
    return "\n".join(lines)


def _figure(figure: dict[str, Any]) -> str:
    return figure["value"] if figure["value"] is not None else f"– ({figure['reason']})"
