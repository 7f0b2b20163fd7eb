"""Store a spool of rows in one short transaction, mark the days that changed, and tell the apps above."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import connection as database
from django.db.models import Max, Min

from accounts.models import Client
from campaigns import loaded, signals
from campaigns.models import Campaign, Connection, DirtyDay, PlatformCampaign, Pull
from campaigns.records import AdDay, Lead, Order
from campaigns.spool import Spool
from campaigns.streams import TABLES, CampaignId, Change, Staged, Table, Window

# First half of the advisory lock's key; the second is the client's id. Arbitrary and fixed.
WRITER_LOCK = 4_127
# An answer that lost more than this share of the rows its window held waits for a person.
SUSPECT_LOSS = 0.30


class Suspect(Exception):
    """The answer is empty or lost too many rows. Nothing was written."""


def store(client: Client, source: Connection, spool: Spool, *, window: Window | None, file_name: str | None = None) -> list[Pull]:
    """Store the spool's rows of one connection inside the caller's transaction; one pull per family of facts.

    With `window` the rows are complete for its days (and checked against loss: raises `Suspect`); without, they replace
    rows of the same key. Raises `streams.Conflict` when two different rows have one key.
    """
    be_the_only_writer(client)
    moved = set()
    resolve_ads, moved_ads = _keep_platform_campaigns(source, spool)
    resolve_names = _keep_named_campaigns(spool)
    moved |= moved_ads
    pulls = []
    for family, tables in _tables_by_family(spool, window).items():
        spans = [(window.since, window.until)] if window else loaded.of_file(spool.days(tables[0].record))
        pull = _new_pull(source, spool, family, spans, file_name)
        changes = []
        for table in tables:
            staged = Staged(table, source)
            count = staged.copy(spool.read(table.record), resolve_ads if family == "ads" else resolve_names)
            if window and table is tables[0]:
                _refuse_loss(staged, count, window)
            pull.rows += count
            changes.append(staged.apply(pull.pk, window))
        _close(pull, changes)
        loaded.record(source, family, spans)
        if _mark(family, {day for change in changes for day in change.days}):
            moved.add(family)
        pulls.append(pull)
    # Also for marks of earlier: a rebuild that failed for good is asked for again by the next change.
    if moved or DirtyDay.objects.exists():
        signals.days_changed.send(sender=None, client=client, families=moved)
    return pulls


def be_the_only_writer(client: Client) -> None:
    """Until the end of the transaction. Taken first by everything that changes a client's facts or rebuilds its figures.

    Without it, a rebuild could take the mark of a day while a store that changes the same day has not yet committed.
    """
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [WRITER_LOCK, client.pk])


def _tables_by_family(spool: Spool, window: Window | None) -> dict[str, list[Table]]:
    """The tables this spool speaks of. A windowed answer speaks of its whole family even where it is empty."""
    families: dict[str, list[Table]] = {}
    for table in TABLES:
        if table.family == window.family if window else spool.has(table.record):
            families.setdefault(table.family, []).append(table)
    return families


def _new_pull(source: Connection, spool: Spool, family: str, spans: list[loaded.Span], file_name: str | None) -> Pull:
    return Pull.objects.create(
        connection=source,
        family=family,
        file_name=file_name,
        since=spans[0][0],
        until=spans[-1][1],
        state=Pull.State.STORED,
        content_hash=spool.content_hash,
    )


def _refuse_loss(staged: Staged, count: int, window: Window) -> None:
    held = staged.stored_in(window)
    if held and count < held * (1 - SUSPECT_LOSS):
        raise Suspect(f"{window.since} to {window.until} held {held} rows; the new answer has {count}")


def _close(pull: Pull, changes: list[Change]) -> None:
    pull.inserted = sum(change.inserted for change in changes)
    pull.updated = sum(change.updated for change in changes)
    pull.deleted = sum(change.deleted for change in changes)
    pull.save(update_fields=["rows", "inserted", "updated", "deleted"])


def _mark(family: str, days: Iterable[date]) -> bool:
    """Mark days as changed; whether there were any."""
    marks = [DirtyDay(family=family, day=day) for day in sorted(days)]
    DirtyDay.objects.bulk_create(marks, ignore_conflicts=True)
    return bool(marks)


def _keep_platform_campaigns(source: Connection, spool: Spool) -> tuple[CampaignId, set[str]]:
    """Create or rename the campaigns the ad rows speak of: the way from external id to row id, and the families that moved."""
    newest: dict[str, AdDay] = {}
    for _, record in spool.read(AdDay):
        if record.campaign_id not in newest or record.day >= newest[record.campaign_id].day:
            newest[record.campaign_id] = record
    before = {row.external_id: row for row in PlatformCampaign.objects.filter(connection=source)}
    ids = _campaign_ids({record.campaign.strip() for record in newest.values()})
    rows = [
        PlatformCampaign(
            connection=source,
            external_id=external_id,
            name=record.campaign.strip(),
            named_on=record.day,
            channel=record.channel,
            campaign_id=ids[Campaign.key_of(record.campaign)],
        )
        for external_id, record in newest.items()
        if external_id not in before or before[external_id].named_on <= record.day
    ]
    PlatformCampaign.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["connection", "external_id"],
        update_fields=["name", "named_on", "channel", "campaign"],
    )
    touched = {row.campaign_id for row in rows} | {before[row.external_id].campaign_id for row in rows if row.external_id in before}
    moved = _mark_moved_ads(before, rows) | _follow_channels(touched)
    known = dict(PlatformCampaign.objects.filter(connection=source).values_list("external_id", "pk"))
    return known.__getitem__, moved


def _mark_moved_ads(before: dict[str, PlatformCampaign], rows: list[PlatformCampaign]) -> set[str]:
    """All days of a campaign whose name or channel changed are summed under the new one."""
    moved = set()
    for row in rows:
        old = before.get(row.external_id)
        if old and (old.campaign_id, old.channel) != (row.campaign_id, row.channel) and _mark_all("ads", "campaigns_adday", old.pk):
            moved.add("ads")
    return moved


def _follow_channels(campaign_ids: set[int]) -> set[str]:
    """Give campaigns the channel their ads agree on, and mark the leads and orders that follow it; the families that moved."""
    moved = set()
    agreed = (
        PlatformCampaign.objects.filter(campaign__in=campaign_ids).values("campaign").annotate(one=Min("channel"), other=Max("channel"))
    )
    channels = {row["campaign"]: row["one"] if row["one"] == row["other"] else "" for row in agreed}
    for campaign in Campaign.objects.filter(pk__in=campaign_ids):
        channel = channels.get(campaign.pk, "")
        if campaign.channel == channel:
            continue
        Campaign.objects.filter(pk=campaign.pk).update(channel=channel)
        for family, table in (("leads", "campaigns_lead"), ("orders", "campaigns_order")):
            if _mark_all(family, table, campaign.pk, "AND channel = ''"):
                moved.add(family)
    return moved


def _keep_named_campaigns(spool: Spool) -> CampaignId:
    """Create the campaigns that leads and orders name; returns the way from a name to a row id ("" has none)."""
    names = {lead.campaign.strip() for _, lead in spool.read(Lead)} | {order.campaign.strip() for _, order in spool.read(Order)}
    names.discard("")
    ids = _campaign_ids(names)
    return lambda name: ids[Campaign.key_of(name)] if name.strip() else None


def _campaign_ids(names: set[str]) -> dict[str, int]:
    """Campaign ids by key, creating what is missing. Of names that differ in case the first in order is kept."""
    by_key = {Campaign.key_of(name): name for name in sorted(names, reverse=True)}
    Campaign.objects.bulk_create([Campaign(name=name, key=key) for key, name in by_key.items()], ignore_conflicts=True)
    return dict(Campaign.objects.filter(key__in=by_key).values_list("key", "pk"))


def _mark_all(family: str, table: str, campaign_id: int, condition: str = "") -> bool:
    """Mark every day on which a campaign has facts; whether there were any."""
    with database.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO campaigns_dirtyday (family, day)
                SELECT DISTINCT %s, day FROM {table} WHERE campaign_id = %s {condition} ON CONFLICT DO NOTHING""",
            [family, campaign_id],
        )
        return bool(cursor.rowcount)
