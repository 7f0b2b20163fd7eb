"""What people decide about schedules and recipients: the one place behind the pages and the API. Each change is on record.

Raises Django's `ValidationError` with the field that is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.audit import Actor
from accounts.models import Client
from kpis.choices import EARLIEST, LATEST
from reports import scheduling
from reports.models import Recipient, Run, Schedule

LONGEST_HOLD, LONGEST_APPROVAL = 72, 168
# What changes the calendar of a schedule.
OF_TIME = {"cadence", "weekday", "day_rule", "nth", "anchor", "local_time"}


class Recorded(Exception):
    """It has deliveries or copies, which are a record: it is paused instead."""


def of_client(client: Client) -> QuerySet[Schedule]:
    """Those that nobody removed, the oldest first."""
    return Schedule.objects.filter(client=client, removed_at=None).select_related("client", "approver", "deputy").order_by("pk")


def called(schedule: Schedule) -> str:
    """What it is called on record."""
    return schedule.name or schedule.cadence


def check(said: Callable[[str], Any]) -> None:
    """What no field can tell alone. `said` tells the value of a field, as it is to be."""
    if said("cadence") == Schedule.Cadence.FORTNIGHTLY and said("anchor") is None:
        raise ValidationError({"anchor": _("A fortnight needs a day of its first week.")})
    anchor = said("anchor")
    if anchor and not EARLIEST <= anchor <= LATEST:
        days = {"earliest": EARLIEST, "latest": LATEST}
        raise ValidationError({"anchor": _("Choose a day from %(earliest)s to %(latest)s.") % days})


def make(client: Client, by: Actor, **fields: Any) -> Schedule:
    """It begins with the period that ends next."""
    with transaction.atomic():
        schedule = scheduling.create(client, {}, **fields)
        audit.record("schedule.made", by, organisation=client, name=called(schedule))
    return schedule


def change(schedule: Schedule, by: Actor, fields: Mapping[str, Any]) -> Schedule:
    """No period is reported twice; one that the change leaves out is recorded as skipped."""
    with transaction.atomic():
        kept = Schedule.objects.select_for_update(of=("self",)).select_related("client", "approver", "deputy").get(pk=schedule.pk)
        moved = {name for name, value in fields.items() if getattr(kept, name) != value}
        for name in moved:
            setattr(kept, name, fields[name])
        if moved:
            kept.save()
            if moved & OF_TIME or ("paused" in moved and not kept.paused):
                scheduling.replan(kept, scheduling.CHANGED if moved & OF_TIME else scheduling.PAUSED)
            audit.record("schedule.changed", by, organisation=kept.client, name=called(kept), fields=", ".join(sorted(moved)))
    return kept


def remove(schedule: Schedule, by: Actor) -> bool:
    """Nothing of it is due or sent any more; its reports stay as a record. False if that is so already."""
    with transaction.atomic():
        removed = Schedule.objects.filter(pk=schedule.pk, removed_at=None).update(removed_at=timezone.now())
        if removed:
            schedule.runs.filter(state__in=Run.OPEN).update(state=Run.State.SKIPPED, problem=scheduling.REMOVED)
            audit.record("schedule.removed", by, organisation=schedule.client, name=called(schedule))
    return bool(removed)


def restore(schedule: Schedule, by: Actor) -> bool:
    """Take a removal back: it goes on with the next report. False if it is not removed."""
    with transaction.atomic():
        kept = Schedule.objects.select_for_update(of=("self",)).select_related("client").filter(pk=schedule.pk).first()
        if kept is None or kept.removed_at is None:
            return False
        kept.removed_at = None
        scheduling.replan(kept, scheduling.REMOVED)
        audit.record("schedule.restored", by, organisation=kept.client, name=called(kept))
    return True


def check_recipient(schedule: Schedule, recipient: Recipient | None, said: Mapping[str, Any]) -> None:
    """What no field can tell alone: an address is told once, and a copy is of a recipient who is no copy."""
    if email := said.get("email"):
        taken = schedule.recipients.filter(email__iexact=email).exclude(pk=recipient.pk if recipient else 0)
        if taken.exists():
            raise ValidationError({"email": _("This address is a recipient already.")})
    first = said.get("copy_of")
    if first and recipient and (first == recipient or recipient.copies.exists()):
        raise ValidationError({"copy_of": _("A copy is of a recipient who is no copy, and not of itself.")})


def add(schedule: Schedule, by: Actor, rows: Iterable[Mapping[str, Any]]) -> list[Recipient]:
    """All of them, or none."""
    with transaction.atomic():
        Schedule.objects.select_for_update().get(pk=schedule.pk)
        added = []
        for row in rows:
            check_recipient(schedule, None, row)
            added.append(Recipient.objects.create(schedule=schedule, **row))
        _record(schedule, by)
    return added


def change_recipients(schedule: Schedule, by: Actor, changes: Mapping[int, Mapping[str, Any]]) -> None:
    """Recipients by id, with the fields that are other ones; all of them, or none."""
    with transaction.atomic():
        Schedule.objects.select_for_update().get(pk=schedule.pk)
        kept = schedule.recipients.in_bulk(list(changes))
        moved = False
        for pk, fields in changes.items():
            recipient = kept[pk]
            wanted = {name: value for name, value in fields.items() if getattr(recipient, name) != value}
            if not wanted:
                continue
            check_recipient(schedule, recipient, wanted)
            for name, value in wanted.items():
                setattr(recipient, name, value)
            recipient.save(update_fields=list(wanted))
            moved = True
        if moved:
            _record(schedule, by)


def remove_recipient(recipient: Recipient, by: Actor) -> None:
    """One to whom nothing was sent. Raises `Recorded`."""
    with transaction.atomic():
        if recipient.deliveries.exists() or recipient.copies.exists():
            raise Recorded
        Recipient.objects.filter(pk=recipient.pk).delete()
        _record(recipient.schedule, by)


def restore_recipient(recipient: Recipient, by: Actor) -> None:
    """Take a removal back. Raises `ValidationError` where the address was added anew meanwhile."""
    with transaction.atomic():
        schedule = Schedule.objects.select_for_update(of=("self",)).select_related("client").get(pk=recipient.schedule_id)
        check_recipient(schedule, None, {"email": recipient.email})
        recipient.save(force_insert=True)
        _record(schedule, by)


def resubscribe(recipient: Recipient, by: Actor) -> bool:
    """Write again to somebody who had unsubscribed, and has asked for it since; False if they had not."""
    with transaction.atomic():
        lifted = Recipient.objects.filter(pk=recipient.pk).exclude(unsubscribed_at=None).update(unsubscribed_at=None)
        if lifted:
            audit.record("suppression.lifted", by, organisation=recipient.schedule.client, address=recipient.email)
    return bool(lifted)


def _record(schedule: Schedule, by: Actor) -> None:
    audit.record("schedule.changed", by, organisation=schedule.client, name=called(schedule), fields="recipients")
