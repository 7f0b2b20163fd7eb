"""A schedule whose reports fail one after the other stops, and its owners are told once; a person starts it again."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from accounts import access, audit, brand, hosts, mails
from accounts.audit import Actor
from accounts.models import Client, Role, User
from jobs import queue
from reports import scheduling
from reports.models import Run, Schedule

TELL = "reports.tell_stopped"
MOST_FAILURES = 3


def run_failed(run: Run) -> None:
    """Count a failure, in the caller's transaction; at the third in a row, stop and have everyone told who can mend it."""
    Schedule.objects.filter(pk=run.schedule_id).update(failures=F("failures") + 1)
    stopped = Schedule.objects.filter(pk=run.schedule_id, failures__gte=MOST_FAILURES, stopped_at=None)
    if stopped.update(stopped_at=timezone.now()):
        client = Client.objects.get(schedules=run.schedule_id)
        for person in owners(client):
            arguments = {"schedule_id": run.schedule_id, "user_id": person.pk}
            queue.enqueue(TELL, client_id=client.pk, key=f"{run.schedule_id}-{person.pk}", arguments=arguments)


def run_succeeded(run: Run) -> None:
    Schedule.objects.filter(pk=run.schedule_id).update(failures=0)


def owners(client: Client) -> list[User]:
    """The owners of its agency; where there are none, the client's own administrators."""
    people = access.holders(client, "delivery.manage")
    in_agency = people.filter(memberships__agency_id=client.agency_id or 0, memberships__role=Role.OWNER)
    return list(in_agency.distinct() or people.filter(memberships__client=client, memberships__role=Role.ADMIN).distinct())


def tell(client: Client, schedule: Schedule, person: User) -> None:
    """Write to one person. Raises what the mail server says."""
    context: dict[str, object] = {
        "client": client.name,
        "problem": schedule.runs.filter(state=Run.State.FAILED).order_by("-since").values_list("problem", flat=True).first() or "",
        "url": f"{hosts.origin(client.agency)}{reverse('report_list', args=[client.slug])}",
    }
    language = person.language or client.language
    mails.send("schedule_stopped", person.email, language=language, brand=brand.of_organisation(client), context=context)


def start(schedule: Schedule, actor: Actor) -> bool:
    """Let it run again from now on, by the calendar as it is now; False if it had not stopped.

    The newest report that came due meanwhile is made at once, those before it are recorded as left out.
    """
    with transaction.atomic():
        stopped = Schedule.objects.select_for_update(of=("self",)).select_related("client").filter(pk=schedule.pk, removed_at=None)
        found = stopped.exclude(stopped_at=None).first()
        if found is None:
            return False
        found.stopped_at, found.failures = None, 0
        owed = scheduling.replan(found, scheduling.STOPPED)
        if owed and not found.paused:
            scheduling.open_run(found, owed[-1].key)
        audit.record("schedule.started", actor, organisation=found.client, cadence=found.cadence)
    return True
