from __future__ import annotations

import json
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.management.found import found_client
from accounts.tenancy import inside
from kpis import query, recompute, serialise
from kpis.definitions import DEFINITIONS
from kpis.management.arguments import day
from kpis.periods import Period


class Command(BaseCommand):
    help = "Print a client's KPIs of a period, in all and by day, week, month, channel or campaign."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("client", help="the client's slug")
        parser.add_argument("--from", dest="since", type=day, required=True, metavar="YYYY-MM-DD")
        parser.add_argument("--to", dest="until", type=day, required=True, metavar="YYYY-MM-DD")
        parser.add_argument("--by", choices=[by.value for by in query.By])
        parser.add_argument("--json", action="store_true", help="exact values as JSON")

    def handle(self, *, client: str, since: date, until: date, by: str | None, **options: Any) -> None:
        owner = found_client(client)
        try:
            period = Period(since, until)
            with inside(owner):
                recompute.catch_up(owner)
                answer = query.ask(period, query.By(by) if by else None)
        except (ValueError, OverflowError) as error:
            raise CommandError(f"--from and --to: {error}.") from None
        data = serialise.answer_data(owner, answer, DEFINITIONS)
        self.stdout.write(json.dumps(data, indent=2) if options["json"] else _as_text(data))


def _as_text(data: dict[str, Any]) -> str:
    lines = [f"{data['period']['from']} to {data['period']['to']} ({data['period']['timezone']}, {data['period']['currency']})"]
    for part in [{"key": "total", "kpis": data["kpis"]}, *data["groups"]]:
        lines += ["", part["key"] or "–"]
        for slug, figure in part["kpis"].items():
            lines.append(f"  {slug:<12} {_figure(figure):>20}   before {figure['previous'] or '–'}")
    return "\n".join(lines)


def _figure(figure: dict[str, Any]) -> str:
    return figure["value"] if figure["value"] is not None else f"– ({figure['reason']})"
