from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.management.found import found_client
from accounts.spreadsheets import csv_text
from accounts.tenancy import inside
from kpis import recompute
from kpis.cohort_serializers import CohortQuerySerializer
from kpis.customers import cohort_data, cohorts
from kpis.customers.cohorts import Shown
from kpis.management.options import add_days, add_forms, add_options, validated

SINGLE = ("shown", "by", "page", "page_size")
SEVERAL = ("channel", "campaign", "label")


class Command(BaseCommand):
    help = "Print a client's cohorts: of the customers acquired in each month, who was active later, or what they brought in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("client", help="the client's slug")
        add_days(parser)
        add_options(parser, CohortQuerySerializer(), SINGLE, SEVERAL)
        add_forms(parser, "exact values as JSON", "exact values as a table for a spreadsheet")

    def handle(self, *, client: str, **options: Any) -> None:
        owner = found_client(client)
        asked = validated(CohortQuerySerializer, options, ("from", "to", *SINGLE, *SEVERAL))
        period, shown, by = asked.period, Shown(asked.validated_data["shown"]), asked.by_what
        with inside(owner):
            recompute.catch_up(owner)
            found = cohorts.table(shown, period.since, period.until, by, asked.only)
        pages = asked.validated_data["page"], asked.validated_data["page_size"]
        data = cohort_data.answer_data(owner, period, shown, by, found, *pages)
        if options["csv"]:
            self.stdout.write(csv_text(cohort_data.table(data)), ending="")
        else:
            self.stdout.write(json.dumps(data, indent=2) if options["json"] else _as_text(data))


def _as_text(data: dict[str, Any]) -> str:
    paging = data["paging"]
    lines = [
        f"{cohort['month']}  {cohort['key'] or '–':<24} {cohort['size']:>8}   "
        + "  ".join(cell["value"] or "–" for cell in cohort["cells"])
        for cohort in [*data["cohorts"], {"month": "total  ", "key": "", **data["total"]}]
    ]
    return "\n".join([*lines, f"page {paging['page']} of {paging['pages']}, {paging['cohorts']} cohorts"])
