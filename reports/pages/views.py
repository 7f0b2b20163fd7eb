"""A client's pages, and what can be taken from them."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import brand
from accounts.gate import ClientRequest, requires
from accounts.references import current
from campaigns import shown
from campaigns.channels import CHANNELS
from campaigns.shown import Stand
from kpis import choices
from kpis.periods import ONE_DAY, Calendar
from reports import content, gather, periods_named
from reports.charts import print_theme
from reports.failing import FIGURES, PARTS, Failed, attempt
from reports.gather.frame import Frame
from reports.pages import files, picker
from reports.pages.asked import Asked, asked
from reports.pages.blocks import TABLES, Laid, drawn
from reports.pages.catalogue import CAMPAIGN, PAGES, Page
from reports.pages.parts import told
from reports.presentation import Presentation, present

logger = logging.getLogger(__name__)
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "png": "image/png",
}


@dataclass(frozen=True)
class Look:
    """A page as somebody asked for it."""

    page: Page
    asked: Asked
    report: content.Report
    presentation: Presentation
    calendar: Calendar
    today: date
    failed: frozenset[str]

    @property
    def laid(self) -> Laid:
        return Laid(self.page, self.asked, self.presentation, self.failed)


@require_safe
def client_page(request: ClientRequest, name: str) -> HttpResponse:
    """One page of a client, of the days and the part that its address says. What cannot be understood is told, beside the usual."""
    if not gather.has_data():
        arriving = [line for line in shown.lines(request.client, timezone.now()) if line.stand not in (Stand.DISCONNECTED, Stand.FILES)]
        return render(request, "reports/empty.html", {"title": _(PAGES[name].title), "arriving": arriving})
    failed: frozenset[str] = frozenset()
    while True:
        try:
            return _page(request, PAGES[name], failed)
        except Failed as failure:
            if failure.part in failed or failure.part not in PARTS:
                raise
            logger.error("%s is shown without its %s", request.path, failure.part, exc_info=failure)
            failed |= {failure.part}


def _page(request: ClientRequest, page: Page, failed: frozenset[str]) -> HttpResponse:
    """The page without the sections that `failed`. Raises `Failed` for another."""
    look = _look(request, page, failed=failed)
    presentation = look.presentation
    context = {
        "presentation": presentation,
        "page": look.page,
        "title": _(look.page.title),
        "asked": look.asked,
        "blocks": list(look.laid.blocks()),
        "is_empty": not failed and all(tile.reason for tile in presentation.tiles) and not presentation.courses,
        "is_state_known": failed.isdisjoint({FIGURES, "sources"}),
        "reference": current(),
        "picker": picker.picker(look.asked, look.page, look.today - ONE_DAY, look.calendar),
        "figure_query": look.asked.figure_query(),
        "pdf_url": _pdf_url(request, look),
    }
    return render(request, "pages/page.html", context, status=400 if look.asked.errors else 200)


@requires("report.download")
@require_safe
def page_file(request: ClientRequest, name: str, part: str, kind: str) -> HttpResponse:
    """A table of a page as CSV or workbook, or a chart as a picture; 404 where the page has no such part."""
    look = _look(request, PAGES[name], alone="" if kind == "png" else part)
    if look.asked.errors:
        return HttpResponse("\n".join(f"{name}: {why}" for name, why in look.asked.errors.items()), status=400, content_type="text/plain")
    body = _picture(look, part) if kind == "png" else _table(look, part, kind)
    called = f"{request.client.slug}-{part}-{look.asked.period.since}-{look.asked.period.until}.{kind}"
    return HttpResponse(body, content_type=TYPES[kind], headers={"Content-Disposition": f'attachment; filename="{called}"'})


def _look(request: ClientRequest, page: Page, *, alone: str = "", failed: frozenset[str] = frozenset()) -> Look:
    """`alone`: the part that is asked for, if it is not the whole page; `failed`: sections to do without."""
    now, calendar = timezone.now(), choices.in_force().calendar
    today = now.astimezone(request.client.zone).date()
    question = asked(request.GET, today, calendar)
    if not page.is_divisible:
        question = replace(question, only=type(question.only)())
    if page.name == "campaigns" and len(question.only.campaigns) == 1:
        page = CAMPAIGN
    frame = Frame.of_page(request.client, question.period, question.previous, question.only, now, calendar)
    every = told(page, is_confined=bool(question.only))
    wanted = [each for each in every if not failed & {FIGURES, each.name} and (not alone or each.name in (alone, "sources"))]
    report = gather.page(frame, wanted, question.compared)
    if page.campaigns and page.listed is None:
        report = replace(report, campaigns=_sorted(report.campaigns, question))
    presentation = present(report, _language(), brand.of_organisation(request.client))
    return Look(page, question, report, presentation, calendar, today, failed)


def _sorted(table: content.Table, question: Asked) -> content.Table:
    """By the asked KPI, those without one last, or by name; the line of all others stays at the end."""
    slug = question.sort
    if slug != "name" and slug not in table.slugs:
        return table
    rows, rest = [row for row in table.rows if not row.is_rest], [row for row in table.rows if row.is_rest]
    if slug == "name":
        return replace(table, rows=(*sorted(rows, key=lambda row: row.key.lower(), reverse=question.desc), *rest))
    known = [row for row in rows if row.figures[slug].value is not None]
    unknown = [row for row in rows if row.figures[slug].value is None]
    known.sort(key=lambda row: row.figures[slug].value or Decimal(0), reverse=question.desc)
    return replace(table, rows=(*known, *unknown, *rest))


def _table(look: Look, part: str, kind: str) -> bytes:
    table = getattr(look.report, part, None) if part in TABLES else None
    if not isinstance(table, content.Table) or not table.slugs:
        raise Http404
    names = {slug: _(name) for slug, name in CHANNELS.items()} if part == "channels" else {}
    names |= {row.key: _("Others") for row in table.rows if row.is_rest}
    if kind == "csv":
        return attempt("file", files.csv, table, names)
    return attempt("file", files.workbook, table, names, _about(look))


def _about(look: Look) -> dict[str, Any]:
    shown = look.presentation
    return {
        pgettext("a company", "Client"): shown.client_name,
        _("Period"): shown.period,
        _("Comparison"): shown.comparison,
        _("Currency"): look.report.currency,
        _("Time zone"): look.report.timezone,
        _("Data status"): shown.data_state,
        _("Generated"): shown.generated_on,
    }


def _picture(look: Look, part: str) -> bytes:
    found = drawn(look.laid, part, print_theme(look.presentation.palette))
    if found is None:
        raise Http404
    return attempt("file", files.png, *found, look.presentation)


def _pdf_url(request: ClientRequest, look: Look) -> str:
    """The report of that very week, on the overview."""
    is_week = look.page.name == "overview" and not look.asked.only and periods_named.form(look.report.period) == "week"
    return reverse("report_pdf", args=[request.client.slug, look.report.period]) if is_week else ""


def _language() -> str:
    return "fr" if (get_language() or "en").startswith("fr") else "en"
