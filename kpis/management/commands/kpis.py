from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.management.found import found_client
from accounts.spreadsheets import csv_text
from accounts.tenancy import inside
from kpis import query, recompute, serialise
from kpis.management.options import option, refusals
from kpis.serializers import KpiQuerySerializer

# Parameters of the API that are options here, by the same names; of the latter, several values may be given.
SINGLE = ("by", "compare", "compare_from", "compare_to", "sort", "page", "page_size")
SEVERAL = ("kpi", "channel", "campaign", "label")


class Command(BaseCommand):
    help = "Print a client's KPIs of a period and of one to compare with, in all and by group. The API takes the same options."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("client", help="the client's slug")
        parser.add_argument("--from", required=True, metavar="YYYY-MM-DD")
        parser.add_argument("--to", required=True, metavar="YYYY-MM-DD")
        fields = KpiQuerySerializer().fields
        for name in SINGLE:
            parser.add_argument(option(name), help=str(fields[name].help_text or ""))
        for name in SEVERAL:
            parser.add_argument(option(name), action="append", help=f"{fields[name].help_text} May be given more than once.")
        parser.add_argument("--desc", action="store_true", default=None, help=str(fields["desc"].help_text))
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="exact values as JSON")
        form.add_argument("--csv", action="store_true", help="exact values as a table for a spreadsheet")

    def handle(self, *, client: str, **options: Any) -> None:
        owner = found_client(client)
        given = {name: options[name] for name in ("from", "to", "desc", *SINGLE, *SEVERAL) if options[name] is not None}
        asked = KpiQuerySerializer(data=given)
        if not asked.is_valid():
            raise CommandError(" ".join(refusals(asked.errors)))
        with inside(owner):
            recompute.catch_up(owner)
            [answer] = query.ask_all([asked.question])
        data = serialise.answer_data(owner, answer, asked.slugs, asked.listing)
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
