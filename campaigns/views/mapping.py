"""Pages on which a client says what channel and what campaign things belong to: told first what that would move."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.audit import Actor
from accounts.forms import posted
from accounts.gate import ClientRequest, requires
from campaigns import mapped, origins
from campaigns.channels import CHANNELS
from campaigns.mapping_forms import AliasForm, LabelForm, rules_form
from campaigns.models import CampaignAlias, ChannelRules

MOST_SAYINGS = 100
PAGE = 100
SHOWN_VERSIONS = 20
PARTS = ("source", "medium", "campaign")


@requires("mapping.view")
@require_safe
def mapping(request: ClientRequest) -> HttpResponse:
    """What leads to no channel, and the rules that say where the rest goes."""
    found = mapped.unmapped(_today(request))
    versions = list(ChannelRules.objects.order_by("-pk")[:SHOWN_VERSIONS])
    context = {
        "sayings": found.sayings[:MOST_SAYINGS],
        "more": max(0, len(found.sayings) - MOST_SAYINGS),
        "lost": found.lost.words,
        "whole": found.whole.words,
        "rules": [(rule, _(CHANNELS[rule.channel])) for rule in origins.rules_in_force()],
        "versions": versions,
    }
    return render(request, "campaigns/mapping.html", context)


@requires("mapping.manage", "mapping.manage")
@require_http_methods(["GET", "HEAD", "POST"])
def rules(request: ClientRequest) -> HttpResponse:
    """The rules in their order; what was sent is shown with what it would move, and stored when asked to."""
    now = origins.rules_in_force()
    new = {part: request.GET[part] for part in PARTS if request.GET.get(part)}
    formset = rules_form(posted(request), rules=now, new=new or None)
    moves: list[Any] | None = None
    if formset.is_bound and formset.is_valid():
        if "save" in request.POST:
            changed = mapped.set_rules(request.client, formset.rules, Actor.of(request))
            messages.success(request, _("Saved. The figures are being computed again.") if changed else _("Nothing was changed."))
            return redirect("mapping", request.client.slug)
        moves = [_move(move) for move in mapped.preview(formset.rules, _today(request))]
        formset = rules_form(rules=formset.rules)
    return render(request, "campaigns/mapping_rules.html", {"formset": formset, "moves": moves})


@requires("mapping.manage", "mapping.manage")
@require_POST
def restore(request: ClientRequest, version_id: int) -> HttpResponse:
    version = get_object_or_404(ChannelRules, pk=version_id)
    changed = mapped.restore(request.client, version, Actor.of(request))
    if changed:
        messages.success(request, _("The rules are as they were then. The figures are being computed again."))
    else:
        messages.info(request, _("Nothing was changed."))
    return redirect("mapping", request.client.slug)


@requires("mapping.view", "mapping.manage")
@require_http_methods(["GET", "HEAD", "POST"])
def campaigns(request: ClientRequest) -> HttpResponse:
    """Every campaign with what it carries, its other names and its labels; labels are given to several at once."""
    form = LabelForm(posted(request))
    if form.is_valid():
        wish, remove = form.cleaned_data, "remove" in request.POST
        changed = mapped.label(request.client, wish["campaigns"], wish["label"].strip(), Actor.of(request), remove=remove)
        messages.success(request, _labelled(changed, wish["label"].strip(), remove=remove))
        return redirect(request.get_full_path())
    return _campaign_list(request, form, AliasForm(initial={"called": request.GET.get("called", "")}))


@requires("mapping.manage", "mapping.manage")
@require_POST
def alias(request: ClientRequest) -> HttpResponse:
    form = AliasForm(request.POST)
    if not form.is_valid():
        return _campaign_list(request, LabelForm(), form)
    wish = form.cleaned_data
    mapped.give_alias(request.client, CampaignAlias.Kind(wish["kind"]), wish["called"], wish["campaign"], Actor.of(request))
    told = {"called": wish["called"].strip(), "campaign": wish["campaign"].name}
    messages.success(request, _("“%(called)s” is “%(campaign)s” from now on, and was before. This can be undone below.") % told)
    return redirect("mapping_campaigns", request.client.slug)


@requires("mapping.manage", "mapping.manage")
@require_POST
def alias_remove(request: ClientRequest, alias_id: int) -> HttpResponse:
    found = get_object_or_404(CampaignAlias.objects.select_related("campaign"), pk=alias_id)
    called = found.key
    mapped.take_alias_back(request.client, found, Actor.of(request))
    messages.success(request, _("“%(called)s” stands for itself again.") % {"called": called})
    return redirect("mapping_campaigns", request.client.slug)


def _campaign_list(request: ClientRequest, label_form: LabelForm, alias_form: AliasForm) -> HttpResponse:
    found = mapped.campaigns(_today(request))
    wanted, without = request.GET.get("q", "").strip(), request.GET.get("show") == "without"
    shown = [known for known in found if _fits(known, wanted.casefold()) and not (without and known.has_ads)]
    pages = Paginator(shown, PAGE)
    context = {
        "page": pages.get_page(request.GET.get("page")),
        "q": wanted,
        "without": without,
        "count": len(shown),
        "without_count": sum(not known.has_ads for known in found),
        "label_form": label_form,
        "alias_form": alias_form,
        "names": [known.campaign.name for known in found if known.has_ads] or [known.campaign.name for known in found],
        "labels": sorted({label for known in found for label in known.campaign.labels}),
    }
    return render(request, "campaigns/mapping_campaigns.html", context)


def _fits(known: mapped.Known, wanted: str) -> bool:
    told = (known.campaign.name, *known.campaign.labels, *(alias.key for alias in known.aliases))
    return not wanted or any(wanted in text.casefold() for text in told)


def _labelled(number: int, label: str, *, remove: bool) -> str:
    given = ngettext(
        "%(number)s campaign was given the label “%(label)s”.", "%(number)s campaigns were given the label “%(label)s”.", number
    )
    taken = ngettext("%(number)s campaign has lost the label “%(label)s”.", "%(number)s campaigns have lost the label “%(label)s”.", number)
    return (taken if remove else given) % {"number": number, "label": label}


def _move(move: mapped.Move) -> dict[str, Any]:
    return {"before": _(CHANNELS[move.before]), "after": _(CHANNELS[move.after]), "weight": move.weight.words}


def _today(request: ClientRequest) -> date:
    return timezone.now().astimezone(request.client.zone).date()
