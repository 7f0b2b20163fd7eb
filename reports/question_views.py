"""Pages of questions: asking one beside a figure, the list of those that wait, one with its answer, and closing it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.audit import Actor
from accounts.forms import posted
from accounts.gate import ClientRequest, requires
from kpis.definitions import DEFINITIONS
from kpis.explain.number import Figure
from kpis.serializers import SliceSerializer
from reports import dates, questions
from reports.archive.models import Question

PAGE = 60
ANSWER = "question.answer"


class QuestionForm(forms.Form):
    text = forms.CharField(label=_("Your question"), max_length=questions.LONGEST, widget=forms.Textarea(attrs={"rows": 3}))


class AnswerForm(forms.Form):
    text = forms.CharField(label=_("Your answer"), max_length=questions.LONGEST * 2, widget=forms.Textarea(attrs={"rows": 4}))


@requires("question.ask", "question.ask")
@require_http_methods(["GET", "HEAD", "POST"])
def question_ask(request: ClientRequest, kpi: str) -> HttpResponse:
    """The form for a question about the figure that the address names; 404 where there is no such figure."""
    asked = SliceSerializer(data=request.GET)
    if kpi not in DEFINITIONS or not asked.is_valid():
        raise Http404
    figure = Figure(kpi, asked.period, asked.only)
    form = QuestionForm(posted(request))
    if form.is_valid():
        try:
            kept = questions.ask(request.client, figure, form.cleaned_data["text"], Actor.of(request))
        except questions.TooMany:
            form.add_error(None, gettext("You have asked a lot lately. Wait an hour before you ask more."))
        else:
            messages.success(request, gettext("Your question is on its way. The answer comes by mail and stands beside the figure."))
            return redirect(questions.figure_address(request.client, kept) + "#questions")
    days = dates.days(figure.period.since, figure.period.until, _language())
    figure_page = f"{reverse('figure', args=[request.client.slug, kpi])}?{request.GET.urlencode()}"
    context = {"form": form, "name": gettext(DEFINITIONS[kpi].name), "days": days, "figure": figure_page}
    return render(request, "reports/question_ask.html", context, status=422 if form.errors else 200)


@requires("question.ask")
@require_safe
def question_list(request: ClientRequest) -> HttpResponse:
    """Those that wait for an answer, then the others."""
    page = Paginator(questions.done(), PAGE).get_page(request.GET.get("page", ""))
    context = {
        "waiting": [line(request, each) for each in questions.waiting()[:PAGE]],
        "page": page,
        "done": [line(request, each) for each in page],
        "may_answer": ANSWER in request.permissions,
    }
    return render(request, "reports/questions.html", context)


@requires("question.ask", ANSWER)
@require_http_methods(["GET", "HEAD", "POST"])
def question(request: ClientRequest, question_id: int) -> HttpResponse:
    """One and its answer; those who may answer do so here."""
    found = get_object_or_404(Question, pk=question_id)
    form = AnswerForm(posted(request), initial={"text": found.answer})
    if form.is_valid():
        questions.answer(request.client, found, form.cleaned_data["text"], Actor.of(request))
        messages.success(request, gettext("Your answer is sent to whoever asked, and stands beside the figure."))
        return redirect("question", request.client.slug, found.pk)
    context = {"line": line(request, found), "form": form, "may_answer": ANSWER in request.permissions}
    return render(request, "reports/question.html", context, status=422 if form.errors else 200)


@requires("question.ask", "question.ask")
@require_POST
def question_close(request: ClientRequest, question_id: int) -> HttpResponse:
    """Close it, or with `again` open it anew: for whoever asked, and those who may answer."""
    found = get_object_or_404(Question, pk=question_id)
    if not questions.may_close(found, request.user, request.permissions):
        raise Http404
    again = "again" in request.POST
    questions.close(request.client, found, Actor.of(request), again=again)
    messages.success(request, gettext("The question is open again.") if again else gettext("The question is closed."))
    return redirect("question", request.client.slug, found.pk)


def line(request: ClientRequest, found: Question) -> dict[str, Any]:
    """A question as a page shows it."""
    state, tone = _state(found)
    return {
        "question": found,
        "name": gettext(DEFINITIONS[found.kpi].name) if found.kpi in DEFINITIONS else found.kpi,
        "part": questions.shown_part(found),
        "days": dates.days(found.since, found.until, _language()),
        "value": questions.shown_value(found, _language()),
        "figure": questions.figure_address(request.client, found),
        "state": state,
        "tone": tone,
        "may_close": questions.may_close(found, request.user, request.permissions),
    }


def _state(found: Question) -> tuple[str, str]:
    if found.closed_at:
        return gettext("closed"), "over"
    return (gettext("answered"), "ok") if found.answered_at else (gettext("waits for an answer"), "moving")


def _language() -> str:
    return (get_language() or "en")[:2]
