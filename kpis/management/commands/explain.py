from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.management.found import found_client
from accounts.models import Client
from accounts.spreadsheets import csv_text
from accounts.tenancy import inside, one_state
from kpis import recompute
from kpis.coverage import Coverage
from kpis.definitions import DEFINITIONS
from kpis.explain import change, number, serialise
from kpis.explain.number import Figure
from kpis.explain_serializers import ChangeQuerySerializer, NumberQuerySerializer
from kpis.management.options import add_days, add_forms, add_options, validated
from kpis.query import By

# Parameters of the API that are options here, by the same names; of `SEVERAL`, several values may be given.
OF_ROWS = ("page", "page_size")
OF_CHANGE = ("by", "compare", "compare_from", "compare_to")
SEVERAL = ("channel", "campaign", "label")


class Command(BaseCommand):
    help = "Print what a figure is made of and the rows behind it or, with --change, where its change comes from."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("client", help="the client's slug")
        parser.add_argument("kpi", choices=list(DEFINITIONS), metavar="kpi", help="the KPI's slug")
        add_days(parser)
        parser.add_argument("--change", action="store_true", help="explain the change since the period it is compared with")
        add_options(parser, NumberQuerySerializer(), OF_ROWS, SEVERAL)
        add_options(parser, ChangeQuerySerializer(), OF_CHANGE, ())
        add_forms(parser, "exact values as JSON", "all rows as a table for a spreadsheet")

    def handle(self, *, client: str, kpi: str, **options: Any) -> None:
        owner = found_client(client)
        names = ("from", "to", *SEVERAL, *(OF_CHANGE if options["change"] else OF_ROWS))
        asked = validated(ChangeQuerySerializer if options["change"] else NumberQuerySerializer, options, names)
        figure = Figure(kpi, asked.period, asked.only)
        with inside(owner):
            recompute.catch_up(owner)
            if isinstance(asked, ChangeQuerySerializer):
                data = serialise.change_data(owner, change.explain(figure, asked.compared, By(asked.validated_data["by"])))
            elif options["csv"]:
                self.stdout.write(_file(owner, figure), ending="")
                return
            else:
                with one_state():
                    found = number.explain(owner, figure, asked.validated_data["page"], asked.validated_data["page_size"])
                data = serialise.number_data(owner, found)
        text = _change_text if options["change"] else _number_text
        self.stdout.write(json.dumps(data, indent=2) if options["json"] else text(data))


def _file(client: Client, figure: Figure) -> str:
    with one_state():
        return csv_text(serialise.lines(number.rows_behind(client, figure, Coverage.load()).every(), figure.definition.measures))


def _number_text(data: dict[str, Any]) -> str:
    period, paging = data["period"], data["paging"]
    lines = [
        f"{data['name']}: {_value(data)}   {period['from']} to {period['to']} ({period['timezone']}, {period['currency']})",
        f"  {data['formula']} (version {data['version']})",
        *(f"  {caveat}" for caveat in data["caveats"]),
        "",
        *(f"  {part['slug']:<30} {_value(part):>24}   rows: {part['rows']}" for part in data["measures"]),
        "",
        *(f"  {choice['name']}: {choice['value']}" for choice in data["choices"]),
        *(
            f"  {loaded['family']}: {loaded['days_loaded']} of {loaded['days']} days, until {loaded['last_day'] or '–'}"
            for loaded in data["loaded"]
        ),
        *([f"  counts the days until {data['until']}"] if data["until"] else []),
        "",
        *(_row(row) for row in data["rows"]),
        f"page {paging['page']} of {paging['pages']}, {paging['rows']} rows",
    ]
    return "\n".join(lines)


def _row(row: dict[str, Any]) -> str:
    parts = ", ".join(f"{slug} {part['value'] or '–'}" for slug, part in row["measures"].items())
    told = f"pull {row['pull']['id']} {row['pull']['file_name'] or ''}" if row["pull"] else ""
    where = " / ".join(name for name in (row["channel"], row["campaign"], row["source"], row["account"], row["reference"]) if name)
    return f"  {row['day']}  {where}: {parts}  {told}".rstrip()


def _change_text(data: dict[str, Any]) -> str:
    lines = [*data["sentences"], ""]
    for group in data["groups"]:
        effect = group["effect"]
        told = "  ".join(f"{name} {part}" for name, part in effect.items() if part != "0") if effect else group["reason"]
        lines.append(f"  {group['key'] or '–':<30} {told}")
    return "\n".join(lines)


def _value(data: dict[str, Any]) -> str:
    return data["value"] if data["value"] is not None else f"– ({data['reason']})"
