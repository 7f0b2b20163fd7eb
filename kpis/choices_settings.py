"""The pages on which a client decides how its figures are made: what holds, since when, who decided; and what a change does."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.audit import Actor
from accounts.forms import posted
from accounts.gate import ClientRequest, requires
from kpis import choice_words, choices
from kpis.checks import Wrong
from kpis.choice_entries import ENTRIES
from kpis.choice_forms import CONDITIONS, FORMS, ChoiceForm, RuleForm
from kpis.timeline import EVER

SHOWN_DECISIONS = 50
# What a form sends besides its fields.
BESIDE = {"csrfmiddlewaretoken", "agreed"}


@requires("choice.view")
@require_safe
def choices_page(request: ClientRequest) -> HttpResponse:
    context = {"groups": choice_words.groups(), "history": choice_words.history(SHOWN_DECISIONS)}
    return render(request, "kpis/choices.html", context)


@requires("choice.manage", "choice.manage")
@require_http_methods(["GET", "HEAD", "POST"])
def choice(request: ClientRequest, name: str) -> HttpResponse:
    """One choice. What was sent is said with what it changes, and carried out once that was agreed to."""
    if name not in FORMS:
        raise Http404
    timeline = choices.timelines()[name]
    form = FORMS[name](posted(request), initial=FORMS[name].initial_of(timeline.newest))
    wanted = ""
    if form.is_valid() and (value := _read(form, name)) is not None:
        since = form.since_said
        if timeline.then(since or EVER, value[0]) == timeline:
            messages.info(request, _("Nothing was changed."))
            return redirect("settings_choices", request.client.slug)
        if "agreed" in request.POST:
            choices.choose(request.client, name, value[0], since, Actor.of(request))
            messages.success(request, _("Saved. The figures are being computed again."))
            return redirect("settings_choices", request.client.slug)
        wanted = choice_words.told(name, value[0])
    context = {
        "told": choice_words.one(name),
        "form": form,
        "rule_form": form if isinstance(form, RuleForm) else None,
        # A rule of more deeds than the page has room for was made by a program.
        "too_long": isinstance(form, RuleForm) and len(timeline.newest.get("all", ())) > CONDITIONS,
        "wanted": wanted,
        "since": form.since_said if wanted else None,
        "sent": [(key, value) for key, values in request.POST.lists() for value in values if key not in BESIDE],
    }
    return render(request, "kpis/choice.html", context)


def _read(form: ChoiceForm, name: str) -> tuple[object] | None:
    """The value as it is kept; what is wrong with it becomes an error of the form."""
    try:
        return (ENTRIES[name].read(name, form.said),)
    except Wrong as wrong:
        form.add_error(None, wrong.why(_))
        return None
