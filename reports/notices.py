"""Mails to the people who look after a client's reports: one waits for data, one for their yes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from django.urls import reverse
from django.utils.translation import override

from accounts import access, brand, hosts, mails, moments
from accounts.models import Client, Role, User
from jobs import queue
from reports import dates
from reports.content import SourceState
from reports.models import Run
from reports.presentation.words import source_name

KIND = "reports.notice"
# The names of mails.
HELD, APPROVAL = "report_held", "report_approval"


def owners(client: Client) -> list[User]:
    """Whose reports they are: the owners of the client's agency; without one, the admins of the company."""
    role = {"agency": client.agency, "role": Role.OWNER} if client.agency else {"client": client, "role": Role.ADMIN}
    of_role = User.objects.filter(**{f"memberships__{name}": value for name, value in role.items()})
    return list(access.holders(client, "report.send").filter(pk__in=of_role).order_by("pk"))


def tell(client: Client, run: Run, notice: str, people: Iterable[User], details: dict[str, Any]) -> None:
    """Ask for a mail to each, in the caller's transaction. `details` are kept with the job, as JSON."""
    for person in people:
        step = details.get("step", "")
        arguments = {"run_id": run.pk, "user_id": person.pk, "notice": {"name": notice, **details}}
        queue.enqueue(KIND, client_id=client.pk, key=f"{run.pk} {notice} {step} {person.pk}", arguments=arguments)


def send(client: Client, run: Run, person: User, notice: dict[str, Any]) -> None:
    """Raises `OSError` or `smtplib.SMTPException` when the server does not take it."""
    language = person.language or client.language
    until = run.held_until if notice["name"] == HELD else run.approve_by
    with override(language):
        sources = [_lacking(source, language) for source in msgspec.convert(notice.get("sources", []), list[SourceState])]
    context = {
        "client": client,
        "url": f"{hosts.origin(client.agency)}{reverse('report_run', args=[client.slug, run.pk])}",
        "address": person.email,
        "period": dates.days(run.since, run.until, language),
        "until": moments.instant(until, client.zone, language) if until else "",
        "sources": sources,
        "is_reminder": bool(notice.get("step")),
    }
    mails.send(notice["name"], person.email, language=language, brand=brand.of_organisation(client), context=context)


def _lacking(source: SourceState, language: str) -> tuple[str, str]:
    return source_name(source), dates.listed_days(source.missing_days, language)
