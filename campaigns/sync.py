"""Store a spool of rows in one short transaction, mark the days that changed, and tell the apps above."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from accounts.models import Client
from campaigns import counters, dirty, loaded, people, signals, systems
from campaigns.connectors.base import Replaces
from campaigns.dimensions import Dimensions
from campaigns.erasure import Memory, forget_others
from campaigns.models import Connection, PersonKey, Pull, Upload
from campaigns.records import Gone, Lead, SocialPost, SubscriptionSpan
from campaigns.spool import Spool
from campaigns.streams import Change, Staged, Window, execute
from campaigns.tables import KEYED, TABLES, Table, of_family
from campaigns.writer import be_the_only_writer

# An answer that lost more than this share of the rows its window held waits for a person.
SUSPECT_LOSS = 0.30
# Of the database, for each comparison of a pull: a hundred thousand rows do not go to disk.
MEMORY = "64MB"
# Families whose rows name people.
PERSONAL = frozenset({"leads", "deals", "touches", "customers", "orders", "subscriptions"})


class Suspect(Exception):
    """The answer is empty or lost too many rows. Nothing was written."""


def store(
    client: Client,
    source: Connection,
    spool: Spool,
    *,
    window: Window | None,
    covered: loaded.Span | None = None,
    upload: Upload | None = None,
    accept_loss: bool = False,
) -> list[Pull]:
    """Store the spool's rows of one connection inside the caller's transaction; one pull per family of facts.

    With `window` the rows are an answer about its days, of which those in `covered` are complete (default: all): raises
    `Suspect` on loss, unless a person accepted it. Without, they are of a file (`upload`) and replace rows of the same key.
    Raises `streams.Conflict` when two different rows have one key.
    """
    be_the_only_writer(client)
    execute(f"SET LOCAL work_mem = '{MEMORY}'")
    before = systems.in_force()
    dimensions = Dimensions(source, spool)
    moved = dimensions.moved
    merged = [gone for _, gone in spool.read(Gone) if gone.merged_into]
    moved |= forget_others(client, source, (lead for _, lead in spool.read(Lead)), merged)
    memory = Memory.of(client, source)
    pulls = []
    days: set[date] = set()
    for family, tables in _tables_by_family(spool, window).items():
        spans = [covered or (window.since, window.until)] if window else _spans(spool, tables, client.timezone)
        pull = _new_pull(source, spool, family, window, spans, upload)
        changes = [_store_table(client, pull, table, spool, window, dimensions, memory, accept_loss) for table in tables]
        if family == "social":
            changes.append(counters.store(source, spool, pull.pk))
        _close(pull, changes)
        loaded.record(source, family, spans)
        moved |= dirty.mark(family, days_of_family := {day for change in changes for day in change.days})
        pulls.append(pull)
        if family in PERSONAL:
            days |= days_of_family
    _link_people(source, pulls, days, [gone for gone in merged if not memory.names(gone)])
    moved |= systems.follow(before)
    # Also for marks of earlier: a rebuild that failed for good is asked for again by the next change.
    if moved or dirty.is_marked():
        signals.days_changed.send(sender=None, client=client, families=moved)
    return pulls


def _tables_by_family(spool: Spool, window: Window | None) -> dict[str, list[Table]]:
    """The tables this spool speaks of. A windowed answer speaks of its whole family even where it is empty."""
    families: dict[str, list[Table]] = {}
    for table in TABLES:
        if table.family == window.family if window else spool.has(table.record):
            families.setdefault(table.family, []).append(table)
    if not window and spool.has(SocialPost):
        families.setdefault("social", [])
    return families


def _spans(spool: Spool, tables: list[Table], zone: str) -> list[loaded.Span]:
    """What a file covers of one family. A fact that lasts covers all its days; one that has not ended, the first."""
    if any(table.record is SubscriptionSpan for table in tables):
        return loaded.of_stretches((record.day, _last_day(record, ZoneInfo(zone))) for _, record in spool.read(SubscriptionSpan))
    lasting = [table for table in tables if table.until]
    if not lasting:
        return loaded.of_file(spool.days(tables[0].record if tables else SocialPost))
    return loaded.merge((record.day, getattr(record, table.until)) for table in lasting for _, record in spool.read(table.record))


def _last_day(span: SubscriptionSpan, zone: ZoneInfo) -> date:
    return max(span.day, span.ended_at.astimezone(zone).date()) if span.ended_at else span.day


def _new_pull(
    source: Connection, spool: Spool, family: str, window: Window | None, spans: list[loaded.Span], upload: Upload | None
) -> Pull:
    return Pull.objects.create(
        connection=source,
        family=family,
        file_name=upload.file_name[-255:] if upload else None,
        upload=upload,
        since=window.since if window else spans[0][0],
        until=window.until if window else spans[-1][1],
        spans=[[since.isoformat(), until.isoformat()] for since, until in spans],
        state=Pull.State.STORED,
        content_hash=spool.content_hash,
    )


def _store_table(
    client: Client,
    pull: Pull,
    table: Table,
    spool: Spool,
    window: Window | None,
    dimensions: Dimensions,
    memory: Memory,
    accept_loss: bool,
) -> Change:
    staged = Staged(table, pull.connection, client.timezone, dimensions.of(table), journal=pull.upload_id is not None)
    lines = spool.lines(table.record, memory.rule(table.record))
    count = staged.copy(lines, spool.days(table.record))
    if window and _is_complete(window, table) and not accept_loss:
        _refuse_loss(staged, count, window)
    pull.rows += count
    gone = [said.external_id for _, said in spool.read(Gone) if KEYED[said.kind] is table.model]
    removed = staged.remove(pull.pk, gone) if gone else Change()
    change = staged.apply(pull.pk, window)
    change.deleted += removed.deleted
    change.days |= removed.days
    return change


def _is_complete(window: Window, table: Table) -> bool:
    """Whether fewer rows than before are a loss. Of a family's tables the first one's are counted."""
    if window.replaces is Replaces.COUNTER:
        return bool(table.newest)
    return window.replaces is Replaces.WINDOW and table is of_family(table.family)[0]


def _refuse_loss(staged: Staged, count: int, window: Window) -> None:
    held = staged.stored_in(window)
    if held and count < held * (1 - SUSPECT_LOSS):
        raise Suspect(f"{window.since} to {window.until} held {held} rows; the new answer has {count}")


def _close(pull: Pull, changes: list[Change]) -> None:
    pull.inserted = sum(change.inserted for change in changes)
    pull.updated = sum(change.updated for change in changes)
    pull.deleted = sum(change.deleted for change in changes)
    pull.save(update_fields=["rows", "inserted", "updated", "deleted"])


def _link_people(source: Connection, pulls: list[Pull], days: set[date], merged: list[Gone]) -> None:
    """Of the rows that changed, which are of these days; of all, where nobody has a key yet."""
    changed = [pull.pk for pull in pulls if pull.family in PERSONAL and (pull.inserted or pull.updated)]
    if changed or merged:
        if PersonKey.objects.exists():
            people.link(source, changed, days, merged)
        else:
            people.link(source, _every_pull(source, changed), None, merged)


def _every_pull(source: Connection, changed: list[int]) -> list[int]:
    """The pulls whose facts get keys for the first time; facts that were there before now belong to somebody."""
    pulls = list(Pull.objects.filter(connection=source, family__in=PERSONAL).values_list("pk", flat=True))
    if len(pulls) > len(changed):
        for family in PERSONAL:
            dirty.mark_family(family)
    return pulls
