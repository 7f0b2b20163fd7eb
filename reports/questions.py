"""What somebody asks about a figure, and what they are told: kept with the figure as it stood, and carried by mail."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts import access, audit, brand, hosts, mails
from accounts.audit import Actor
from accounts.models import AGENCY_ROLES, Client, Role, User
from campaigns.channels import CHANNELS
from jobs import queue
from kpis import formats, query
from kpis.definitions import DEFINITIONS
from kpis.explain.number import Figure
from kpis.query import Question as Asked
from reports import dates
from reports.archive.models import Question

KIND = "reports.question"
# The names of mails.
ASKED, ANSWERED = "question_asked", "question_answered"
LONGEST = 1_000
# Of one person in an hour, and of a client in a day: more is a program run wild, or a person who had better call.
MOST_OF_PERSON, MOST_OF_CLIENT = 10, 60
# First half of the advisory lock's key; the second is the client's id. Arbitrary and fixed.
LOCK = 4_131


class TooMany(Exception):
    """So many questions were asked lately that no more are taken for now."""


def ask(client: Client, figure: Figure, text: str, by: Actor) -> Question:
    """Keep a question with the figure as it stands now, and tell who looks after the client. Raises `TooMany`."""
    with transaction.atomic():
        _count(client, by)
        asked = Question.objects.create(
            kpi=figure.slug,
            since=figure.period.since,
            until=figure.period.until,
            channels=list(figure.only.channels),
            campaigns=list(figure.only.campaigns),
            labels=list(figure.only.labels),
            value=_value(figure),
            currency=client.currency,
            text=text,
            asker_id=by.user.pk if by.user else None,
            asker=by.label,
        )
        audit.record("question.asked", by, organisation=client, kpi=DEFINITIONS[figure.slug].name)
        _tell(client, asked, ASKED, (person for person in keepers(client) if person != by.user))
    return asked


def answer(client: Client, question: Question, text: str, by: Actor) -> None:
    """Once more, if it was answered before: the newest answer stands, and is mailed to whoever asked."""
    with transaction.atomic():
        kept = Question.objects.select_for_update().get(pk=question.pk)
        kept.answer, kept.answerer, kept.answered_at = text, by.label, timezone.now()
        kept.save(update_fields=["answer", "answerer", "answered_at"])
        _record("question.answered", client, kept, by)
        asker = User.objects.filter(pk=kept.asker_id or 0, is_active=True).first()
        if asker and asker != by.user:
            _tell(client, kept, ANSWERED, [asker])


def close(client: Client, question: Question, by: Actor, *, again: bool = False) -> None:
    """Nothing more is expected; with `again`, something is."""
    with transaction.atomic():
        changed = Question.objects.filter(pk=question.pk, closed_at__isnull=not again)
        if changed.update(closed_at=None if again else timezone.now()):
            _record("question.reopened" if again else "question.closed", client, question, by)


def may_close(question: Question, user: User, permissions: frozenset[str]) -> bool:
    return "question.answer" in permissions or question.asker_id == user.pk


def keepers(client: Client) -> list[User]:
    """Who looks after a client: the managers of its agency who are assigned to it, else its owners; without an agency, its admins."""
    holders = access.holders(client, "question.answer")
    if client.agency is None:
        return list(holders.order_by("pk"))
    managers = holders.filter(memberships__agency=client.agency, memberships__role=Role.MANAGER).order_by("pk")
    owners = holders.filter(memberships__agency=client.agency, memberships__role__in=AGENCY_ROLES).order_by("pk")
    return list(managers) or list(owners)


def waiting() -> QuerySet[Question]:
    """Those nobody has answered or closed, the oldest first."""
    return Question.objects.filter(closed_at=None, answered_at=None).order_by("asked_at", "pk")


def done() -> QuerySet[Question]:
    """All others, the newest first."""
    return Question.objects.exclude(closed_at=None, answered_at=None).order_by("-asked_at", "-pk")


def about(figure: Figure) -> list[Question]:
    """What was asked about a KPI in a period that shares days with the figure's, of the same part; the newest first."""
    days = Q(since__lte=figure.period.until, until__gte=figure.period.since)
    same = Q(channels=list(figure.only.channels), campaigns=list(figure.only.campaigns), labels=list(figure.only.labels))
    return list(Question.objects.filter(days, same, kpi=figure.slug).order_by("-asked_at", "-pk")[:20])


def shown_value(question: Question, language: str) -> str:
    """The figure as it stood, in the reader's writing."""
    value = Decimal(question.value) if question.value else None
    return formats.figure(value, DEFINITIONS[question.kpi].unit, question.currency, language)


def shown_part(question: Question) -> str:
    """What part of the company it is of: "" all of it."""
    channels = [_(CHANNELS[channel]) for channel in question.channels if channel in CHANNELS]
    return ", ".join([*channels, *(name or _("No campaign") for name in question.campaigns), *question.labels])


def figure_address(client: Client, question: Question) -> str:
    """The page of the figure it is about."""
    parts = {"channel": question.channels, "campaign": question.campaigns, "label": question.labels}
    asked = [("from", question.since.isoformat()), ("to", question.until.isoformat())]
    return f"{reverse('figure', args=[client.slug, question.kpi])}?{_encoded(asked, parts)}"


def send(client: Client, question: Question, person: User, mail: str) -> None:
    """Raises `OSError` or `smtplib.SMTPException` when the server does not take it."""
    language = person.language or client.language
    with override(language):
        kpi, part = _(DEFINITIONS[question.kpi].name), shown_part(question)
    context: dict[str, object] = {
        "client": client,
        "question": question,
        "kpi": f"{kpi} ({part})" if part else kpi,
        "period": dates.days(question.since, question.until, language),
        "value": shown_value(question, language),
        "address": person.email,
        "url": f"{hosts.origin(client.agency)}{reverse('question', args=[client.slug, question.pk])}",
    }
    mails.send(mail, person.email, language=language, brand=brand.of_organisation(client), context=context)


def _encoded(asked: list[tuple[str, str]], parts: dict[str, list[str]]) -> str:
    return urlencode([*asked, *((name, value) for name, values in parts.items() for value in values)])


def _value(figure: Figure) -> str:
    [found] = query.ask_all([Asked(figure.period, None, (figure.slug,), figure.period, figure.only)])
    value = found.total.value(figure.definition, found.coverage).decimal
    return "" if value is None else f"{value.normalize():f}"


def _count(client: Client, by: Actor) -> None:
    """One question after another, so that many at once are counted too."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, client.pk])
    now = timezone.now()
    lately = Question.objects.filter(asked_at__gt=now - timedelta(hours=1), asker=by.label).count()
    today = Question.objects.filter(asked_at__gt=now - timedelta(days=1)).count()
    if lately >= MOST_OF_PERSON or today >= MOST_OF_CLIENT:
        raise TooMany


def _tell(client: Client, question: Question, mail: str, people: Iterable[User]) -> None:
    for person in people:
        # An answer that is changed is another mail.
        moment = question.answered_at.isoformat() if question.answered_at else ""
        arguments: dict[str, Any] = {"question_id": question.pk, "user_id": person.pk, "mail": mail}
        queue.enqueue(KIND, client_id=client.pk, key=f"{question.pk} {mail} {moment} {person.pk}", arguments=arguments)


def _record(verb: str, client: Client, question: Question, by: Actor) -> None:
    audit.record(verb, by, organisation=client, person=question.asker, kpi=DEFINITIONS[question.kpi].name)
