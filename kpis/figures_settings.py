"""The page where a client's currency, time zone and first day of the week are changed: it says what that does, then asks."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from accounts.audit import Actor
from accounts.forms import carried_out, currencies, posted
from accounts.gate import ClientRequest, requires
from accounts.models import Client, time_zones, validate_timezone
from kpis import choices, moving

WEEK_STARTS = [("monday", _("Monday")), ("sunday", _("Sunday")), ("saturday", _("Saturday"))]


class FiguresForm(forms.Form):
    currency = forms.ChoiceField(label=_("Currency"), help_text=_("In which every amount of money is shown."))
    timezone = forms.CharField(
        label=_("Time zone"),
        max_length=50,
        validators=[validate_timezone],
        help_text=_("Where the client's day begins and ends."),
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off"}),
    )
    week_start = forms.ChoiceField(label=_("First day of the week"), choices=WEEK_STARTS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["currency"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = currencies((get_language() or "en")[:2])


@requires("client.change", "client.change")
@require_http_methods(["GET", "HEAD", "POST"])
def figures_settings(request: ClientRequest) -> HttpResponse:
    """What was sent is carried out only when the page that says what it changes has been agreed to."""
    client = request.client
    now = {"currency": client.currency, "timezone": client.timezone, "week_start": choices.in_force().week_start}
    form = FiguresForm(posted(request), initial=now)
    consequences: list[str] = []
    if form.is_valid():
        consequences = _consequences(now, form.cleaned_data)
        if not consequences:
            messages.info(request, gettext("Nothing was changed."))
            return redirect("settings_figures", client_slug=client.slug)
        if "agreed" in request.POST and carried_out(form, lambda: _carry_out(client, now, form.cleaned_data, Actor.of(request))):
            messages.success(request, gettext("Saved."))
            return redirect("settings_figures", client_slug=client.slug)
    context = {
        "form": form,
        "consequences": consequences if not form.errors else [],
        "move": moving.under_way(client),
        "failed": moving.failed(client),
        "zones": sorted(time_zones()),
    }
    return render(request, "kpis/settings.html", context)


@transaction.atomic
def _carry_out(client: Client, now: dict[str, str], wanted: dict[str, str], by: Actor) -> None:
    if wanted["week_start"] != now["week_start"]:
        choices.choose(client, "week_start", wanted["week_start"], None, by)
    if (wanted["currency"], wanted["timezone"]) != (now["currency"], now["timezone"]):
        moving.ask(client, wanted["currency"], wanted["timezone"], by)


def _consequences(now: dict[str, str], wanted: dict[str, str]) -> list[str]:
    """What the change does, in sentences; none where it does nothing."""
    said: list[Any] = []
    if wanted["currency"] != now["currency"]:
        pair = {"before": now["currency"], "after": wanted["currency"]}
        said += [
            _("Every amount is converted from what was told, at the rate of its day, and shown in %(after)s instead of %(before)s.") % pair,
            _("Where no rate of a day is known, the sum of that day is unknown, and says so."),
        ]
    if wanted["timezone"] != now["timezone"]:
        pair = {"before": now["timezone"], "after": wanted["timezone"]}
        said += [
            _("What files tell to the minute, such as orders and leads, counts by the days of %(after)s: some of it on another day.")
            % pair,
            _("Figures that a platform tells by day stay on the days of its account."),
            _("Reports are due at the same hour, by the clock of %(after)s.") % pair,
        ]
    if wanted["week_start"] != now["week_start"]:
        days = dict(WEEK_STARTS)
        told = {"before": days[now["week_start"]], "after": days[wanted["week_start"]]}
        said.append(_("Weeks begin on %(after)s instead of %(before)s, past ones too; so do comparisons.") % told)
    if said:
        said.append(_("Reports that were sent stay as they were sent; the next one may differ from what they said."))
    return [str(sentence) for sentence in said]
