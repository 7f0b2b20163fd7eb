"""The pages of targets and budgets: a grid of a year, what last year had, a file, and taking the last change back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.audit import Actor
from accounts.forms import posted
from accounts.gate import ClientRequest, requires
from accounts.spreadsheets import csv_text, inert
from accounts.tenancy import one_state
from campaigns import aims, uploads
from campaigns.aims import Cell
from campaigns.models import Target, Upload
from kpis import choices, target_form, target_grid
from kpis.definitions import DEFINITIONS
from kpis.target_grid import Grid, Kept, Year, exact
from kpis.target_shown import Shown

COLUMNS = ("month", "account", "kpi", "channel", "campaign", "value", "currency")
HISTORY = 8
LARGEST_FILE = 2**20
MANAGE = "target.manage"
BASES = [("targets", _("Last year’s targets")), ("actuals", _("What last year came to"))]


class CopyForm(forms.Form):
    """What to take over from the year before."""

    kpi = forms.ChoiceField(label=_("KPI"), required=False)
    basis = forms.ChoiceField(label=_("What to take over"), choices=BASES)
    percent = forms.DecimalField(
        label=_("Change in %"),
        initial=Decimal(0),
        min_value=Decimal(-100),
        max_value=Decimal(1000),
        decimal_places=2,
        localize=True,
        help_text=_("5 for five percent more, −10 for ten percent less."),
    )
    over_set = forms.BooleanField(label=_("Also replace what is set already"), required=False)

    def __init__(self, *args: Any, slugs: list[str], **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", "copy_%s")
        super().__init__(*args, **kwargs)
        field = self.fields["kpi"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", gettext("All that are shown")), *((slug, gettext(DEFINITIONS[slug].name)) for slug in slugs)]


class FileForm(forms.Form):
    file = forms.FileField(
        label=_("CSV file"),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
        help_text=_("With the columns of the file that is downloaded here. What it does not name stays as it is."),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise forms.ValidationError(
                gettext("This file is larger than %(megabytes)d MB. Split it.") % {"megabytes": LARGEST_FILE // 2**20}
            )
        return file


@requires("client.view", MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def target_page(request: ClientRequest) -> HttpResponse:
    """The grid of `?year=`: read, saved, filled from last year or from a file."""
    with one_state():
        grid = _grid(request)
    match request.POST.get("do", "") if request.method == "POST" else "":
        case "copy":
            return _copied(request, grid)
        case "file":
            return _imported(request, grid)
        case "":
            if request.method != "POST":
                return _page(request, grid, _shown(request, grid))
    return _saved(request, grid)


@requires("client.view")
@require_safe
def target_csv(request: ClientRequest) -> HttpResponse:
    """A year's targets in the format that is imported: values plain, by which a figure is not rounded."""
    grid = _grid(request)
    rows = []
    for cell, value in sorted(grid.kept.items(), key=lambda pair: (pair[0].kpi, pair[0].channel, pair[0].month)):
        if cell.month in grid.year.period:
            currency = target_grid.currency(request.client, cell)
            rows.append([f"{cell.month:%Y-%m}", "", cell.kpi, cell.channel, "", f"{exact(value):f}", currency])
    name = f"{request.client.slug}-targets-{grid.year.number}.csv"
    content = csv_text([COLUMNS, *([inert(text) for text in row] for row in rows)])
    return HttpResponse(content, content_type="text/csv; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'})


@requires("client.view", MANAGE)
@require_POST
def target_undo(request: ClientRequest, upload_id: int) -> HttpResponse:
    """Take the last change of targets back; an older one is not undone under a newer."""
    upload = get_object_or_404(Upload, pk=upload_id, kind__in=(aims.TARGETS, aims.BUDGETS))
    newest = next((change for change in aims.history(HISTORY) if change.state == Upload.State.STORED), None)
    back = _address(request, request.GET.get("year", ""))
    try:
        if newest is None or newest.pk != upload.pk:
            raise uploads.NotStored
        uploads.take_back(request.client, upload, Actor.of(request))
    except uploads.NotStored:
        messages.error(request, gettext("Only the last change can be taken back here."))
        return redirect(back)
    messages.success(request, gettext("“%(name)s” is taken back.") % {"name": upload.file_name})
    return redirect(back)


def _saved(request: ClientRequest, grid: Grid) -> HttpResponse:
    client = request.client
    sent = target_form.read(request.POST.dict(), grid.year, grid.kept, client.currency, _language())
    if sent.faults:
        return _page(request, grid, _shown(request, grid, texts=sent.texts, faults=sent.faults), status=422)
    if not sent.changes:
        messages.info(request, gettext("Nothing was changed."))
        return redirect(request.get_full_path())
    called = gettext("Targets %(year)s") % {"year": grid.year.number}
    aims.keep(client, target_grid.aims(client, sent.changes), called, Actor.of(request))
    number = len(sent.changes)
    messages.success(request, ngettext("%(number)d value is saved.", "%(number)d values are saved.", number) % {"number": number})
    return redirect(request.get_full_path())


def _copied(request: ClientRequest, grid: Grid) -> HttpResponse:
    """Nothing is saved: what is proposed stands in the fields."""
    form = CopyForm(posted(request), slugs=_slugs(grid))
    if not form.is_valid():
        return _page(request, grid, _shown(request, grid), copy=form, status=422)
    wish = form.cleaned_data
    proposed = target_grid.raised(grid, wish["kpi"], wish["percent"], from_actuals=wish["basis"] == "actuals", over_set=wish["over_set"])
    changed = {cell: value for cell, value in proposed.items() if grid.kept.get(cell) != value}
    return _page(request, grid, _shown(request, grid, proposed=changed), copy=form, proposed=len(changed), is_copy=True)


def _imported(request: ClientRequest, grid: Grid) -> HttpResponse:
    form = FileForm(request.POST, request.FILES, auto_id="file_%s")
    if not form.is_valid():
        return _page(request, grid, _shown(request, grid), file=form, status=422)
    file = form.cleaned_data["file"]
    with uploads.spooled(file.chunks()) as path:
        upload = uploads.store_now(request.client, aims.KIND, path, file.name, Actor.of(request))
    if upload.state != Upload.State.STORED:
        return _page(request, grid, _shown(request, grid), file=form, refused=upload, status=422)
    messages.success(request, ngettext("%(number)d line is stored.", "%(number)d lines are stored.", upload.rows) % {"number": upload.rows})
    return redirect(request.get_full_path())


def _page(
    request: ClientRequest,
    grid: Grid,
    shown: Shown,
    *,
    copy: CopyForm | None = None,
    file: FileForm | None = None,
    refused: Upload | None = None,
    proposed: int = 0,
    is_copy: bool = False,
    status: int = 200,
) -> HttpResponse:
    history = aims.history(HISTORY)
    newest = next((change for change in history if change.state == Upload.State.STORED), None)
    year = grid.year.number
    context = {
        "shown": shown,
        "year": year,
        "earlier": _query(request, year - 1) if year > target_grid.EARLIEST_YEAR else "",
        "later": _query(request, year + 1) if year < target_grid.LATEST_YEAR else "",
        "opened": _query(request, year, open=[*request.GET.getlist("open")]),
        "others": [(slug, gettext(DEFINITIONS[slug].name)) for slug in DEFINITIONS if slug not in _slugs(grid)],
        "kpis": request.GET.getlist("kpi"),
        "opens": request.GET.getlist("open"),
        "seen": target_form.seen_json(grid.kept, grid.year),
        "may_manage": MANAGE in request.permissions,
        "copy": copy or CopyForm(slugs=_slugs(grid)),
        "file": file or FileForm(auto_id="file_%s"),
        "faults": [(fault, fault.why(gettext)) for fault in uploads.faults_of(refused)] if refused else [],
        "proposed": proposed,
        "is_copy": is_copy,
        "history": history,
        "newest": newest,
        "of_campaigns": Target.objects.filter(day__range=(grid.year.period.since, grid.year.period.until))
        .exclude(origin__campaign_name="", origin__campaign_ref="")
        .count(),
    }
    return render(request, "kpis/targets.html", context, status=status)


def _grid(request: ClientRequest) -> Grid:
    """404 where the address names a year or a KPI that there is not."""
    calendar = choices.in_force().calendar
    today = timezone.now().astimezone(request.client.zone).date()
    asked = request.GET.get("year", "")
    if asked and not (asked.isascii() and asked.isdecimal() and target_grid.EARLIEST_YEAR <= int(asked[:5]) <= target_grid.LATEST_YEAR):
        raise Http404
    year = Year.of(int(asked), calendar) if asked else Year.holding(today, calendar)
    more, opened = request.GET.getlist("kpi"), request.GET.getlist("open")
    if not {*more, *opened} <= DEFINITIONS.keys():
        raise Http404
    return target_grid.load(request.client, year, today, [*more, *opened], opened)


def _shown(
    request: ClientRequest,
    grid: Grid,
    *,
    texts: dict[Cell, str] | None = None,
    faults: dict[Cell, str] | None = None,
    proposed: Kept | None = None,
) -> Shown:
    today = timezone.now().astimezone(request.client.zone).date()
    return Shown(grid, request.client.currency, _language(), today, texts=texts, faults=faults, proposed=proposed)


def _slugs(grid: Grid) -> list[str]:
    return list(dict.fromkeys(line.slug for line in grid.lines))


def _address(request: ClientRequest, year: str) -> str:
    page = reverse("targets", args=[request.client.slug])
    return f"{page}?year={year}" if year.isascii() and year.isdecimal() else page


def _query(request: ClientRequest, year: int, **lists: list[str]) -> str:
    query = QueryDict(mutable=True)
    query["year"] = str(year)
    for name in ("kpi", "open"):
        query.setlist(name, lists.get(name, request.GET.getlist(name)))
    return query.urlencode()


def _language() -> str:
    return (get_language() or "en")[:2]
