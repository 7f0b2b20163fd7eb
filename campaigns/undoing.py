"""Taking an import back: rows it added go, rows it changed are as they were, unless something later changed them again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import timezone

from accounts.models import Client
from campaigns import dirty, loaded, people, signals, systems
from campaigns.models import Connection, LoadedSpan, PersonMerge, Pull, Upload
from campaigns.streams import execute
from campaigns.tables import Table, of_family
from campaigns.writer import be_the_only_writer


class NotStored(Exception):
    """Only what was stored, and not undone since, can be undone."""


@dataclass(frozen=True)
class Undone:
    """Rows that went, and rows that are as they were before."""

    removed: int
    restored: int


def undo(client: Client, upload: Upload) -> Undone:
    """Take back all that one file stored, in one transaction. Raises `NotStored`."""
    with transaction.atomic():
        be_the_only_writer(client)
        kept = Upload.objects.select_for_update().filter(pk=upload.pk, state=Upload.State.STORED).first()
        if kept is None:
            raise NotStored
        before = systems.in_force()
        moved: set[str] = set()
        removed = restored = 0
        for pull in kept.pulls.filter(state=Pull.State.STORED).order_by("-pk"):
            for table in of_family(pull.family):
                days, gone, back = _undo_table(table, pull, client.timezone)
                moved |= dirty.mark(table.family, days)
                removed, restored = removed + gone - back, restored + back
            _close(pull)
        Upload.objects.filter(pk=kept.pk).update(state=Upload.State.UNDONE, finished_at=timezone.now())
        moved |= systems.follow(before)
        if moved or dirty.is_marked():
            signals.days_changed.send(sender=None, client=client, families=moved)
        return Undone(removed, restored)


def _undo_table(table: Table, pull: Pull, zone: str) -> tuple[set[date], int, int]:
    """The days that changed, how many rows of the pull went, and how many came back as they were."""
    _forget_in_later_journals(table, pull)
    counted = ", ".join(table.counted("old", zone))
    gone = execute(f"DELETE FROM {table.name} AS old WHERE pull_id = %s RETURNING {counted}", [pull.pk])
    back = execute(
        f"""INSERT INTO {table.name} AS old SELECT (jsonb_populate_record(NULL::{table.name}, row)).* FROM campaigns_replaced
            WHERE pull_id = %s AND "table" = %s ON CONFLICT DO NOTHING RETURNING {counted}""",
        [pull.pk, table.name],
    )
    return {day for row in (*gone, *back) for day in table.days(row)}, len(gone), len(back)


def _forget_in_later_journals(table: Table, pull: Pull) -> None:
    """What a later import found here and would put back is what this one had found, or nothing."""
    same_key = " AND ".join(f"later.row -> '{column}' = own.row -> '{column}'" for column in ("connection_id", *table.key))
    execute(
        f"""UPDATE campaigns_replaced AS later SET row = own.row FROM campaigns_replaced AS own
            WHERE own.pull_id = %s AND own."table" = %s AND later."table" = own."table" AND later.id <> own.id
                AND later.row -> 'pull_id' = to_jsonb(%s::bigint) AND {same_key}""",
        [pull.pk, table.name, pull.pk],
    )
    execute(
        """DELETE FROM campaigns_replaced WHERE "table" = %s AND pull_id <> %s AND row -> 'pull_id' = to_jsonb(%s::bigint)""",
        [table.name, pull.pk, pull.pk],
    )


def _close(pull: Pull) -> None:
    for merge in PersonMerge.objects.filter(pull=pull, undone_at=None).order_by("-pk"):
        people.take_back(merge, never_again=False)
    Pull.objects.filter(pk=pull.pk).update(state=Pull.State.UNDONE)
    pull.replaced.all().delete()
    _tell_what_is_left(pull.connection, pull.family)


def _tell_what_is_left(source: Connection, family: str) -> None:
    """Days are loaded as far as other pulls told of them."""
    LoadedSpan.objects.filter(connection=source, family=family).delete()
    for pull in Pull.objects.filter(connection=source, family=family, state=Pull.State.STORED).order_by("pk"):
        told = [(date.fromisoformat(since), date.fromisoformat(until)) for since, until in pull.spans]
        loaded.record(source, family, told or [(pull.since, pull.until)])
