"""Store a spool of rows in one short transaction, mark the days that changed, and tell the apps above."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import connection as database

from accounts.models import Client
from campaigns import signals
from campaigns.models import Campaign, Connection, DirtyDay, PlatformCampaign, Pull
from campaigns.records import AdDay, Lead, Order
from campaigns.spool import Spool
from campaigns.streams import TABLES, CampaignId, Change, Staged, Table, Window

# An answer that lost more than this share of the rows its window held waits for a person.
SUSPECT_LOSS = 0.30


class Suspect(Exception):
    """The answer is empty or lost too many rows. Nothing was written."""


def store(client: Client, source: Connection, spool: Spool, *, window: Window | None, file_name: str | None = None) -> list[Pull]:
    """Store the spool's rows of one connection inside the caller's transaction; one pull per family of facts.

    With `window` the rows are complete for its days (and checked against loss: raises `Suspect`); without, they replace
    rows of the same key. Raises `streams.Conflict` when two different rows have one key.
    """
    Connection.objects.select_for_update().get(pk=source.pk)
    platform_campaigns = _keep_platform_campaigns(source, spool)
    named_campaigns = _keep_named_campaigns(spool)
    pulls = []
    for family, tables in _tables_by_family(spool, window).items():
        pull = _new_pull(source, spool, family, window, file_name)
        changes = []
        for table in tables:
            staged = Staged(table, source)
            resolve = platform_campaigns if family == "ads" else named_campaigns
            count = staged.copy(spool.read(table.record), resolve)
            if window and table is tables[0]:
                _refuse_loss(staged, count, window)
            pull.rows += count
            changes.append(staged.apply(pull.pk, window))
        _close(pull, changes)
        _mark(client, family, {day for change in changes for day in change.days})
        pulls.append(pull)
    return pulls


def _tables_by_family(spool: Spool, window: Window | None) -> dict[str, list[Table]]:
    """The tables this spool speaks of. A windowed answer speaks of its whole family even where it is empty."""
    families: dict[str, list[Table]] = {}
    for table in TABLES:
        if table.family == window.family if window else spool.has(table.record):
            families.setdefault(table.family, []).append(table)
    return families


def _new_pull(source: Connection, spool: Spool, family: str, window: Window | None, file_name: str | None) -> Pull:
    since, until = (window.since, window.until) if window else (spool.first_day, spool.last_day)
    if since is None or until is None:
        raise ValueError("a spool without a window holds at least one row")
    return Pull.objects.create(
        connection=source,
        family=family,
        file_name=file_name,
        since=since,
        until=until,
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


def _mark(client: Client, family: str, days: Iterable[date]) -> None:
    marks = [DirtyDay(family=family, day=day) for day in days]
    DirtyDay.objects.bulk_create(marks, ignore_conflicts=True)
    if marks:
        signals.days_changed.send(sender=None, client=client, families={family})


def _keep_platform_campaigns(source: Connection, spool: Spool) -> CampaignId:
    """Create or rename the campaigns the ad rows speak of; returns the way from external id to row id."""
    newest = {record.campaign_id: (record.campaign.strip(), record.channel) for _, record in spool.read(AdDay)}
    ids = _campaign_ids(dict(newest.values()))
    rows = [
        PlatformCampaign(connection=source, external_id=external_id, name=name, channel=channel, campaign_id=ids[Campaign.key_of(name)])
        for external_id, (name, channel) in newest.items()
    ]
    _mark_moved_campaigns(source, {row.external_id: row for row in rows})
    PlatformCampaign.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["connection", "external_id"], update_fields=["name", "channel", "campaign"]
    )
    known = dict(PlatformCampaign.objects.filter(connection=source).values_list("external_id", "pk"))
    return known.__getitem__


def _mark_moved_campaigns(source: Connection, new: dict[str, PlatformCampaign]) -> None:
    """All days of a campaign whose name or channel changed are summed under the new one."""
    for old in PlatformCampaign.objects.filter(connection=source, external_id__in=new):
        row = new[old.external_id]
        if (old.campaign_id, old.channel) != (row.campaign_id, row.channel):
            _mark_by_sql("ads", "campaigns_adday", old.pk)


def _keep_named_campaigns(spool: Spool) -> CampaignId:
    """Create the campaigns that leads and orders name; returns the way from a name to a row id ("" has none)."""
    names = {lead.campaign.strip() for _, lead in spool.read(Lead)} | {order.campaign.strip() for _, order in spool.read(Order)}
    names.discard("")
    ids = _campaign_ids(dict.fromkeys(names, ""))
    return lambda name: ids[Campaign.key_of(name)] if name.strip() else None


def _campaign_ids(channels: dict[str, str]) -> dict[str, int]:
    """Campaign ids by key, creating what is missing; a channel given for a name becomes the campaign's."""
    by_key = {Campaign.key_of(name): name for name in channels}
    Campaign.objects.bulk_create([Campaign(name=name, key=key) for key, name in by_key.items()], ignore_conflicts=True)
    campaigns = {campaign.key: campaign for campaign in Campaign.objects.filter(key__in=by_key)}
    for key, name in by_key.items():
        campaign = campaigns[key]
        if channels[name] and campaign.channel != channels[name]:
            campaign.channel = channels[name]
            campaign.save(update_fields=["channel"])
            # Leads and orders that name the campaign but no channel follow it.
            _mark_by_sql("leads", "campaigns_lead", campaign.pk, "AND channel = ''")
            _mark_by_sql("orders", "campaigns_order", campaign.pk, "AND channel = ''")
    return {key: campaign.pk for key, campaign in campaigns.items()}


def _mark_by_sql(family: str, table: str, campaign_id: int, condition: str = "") -> None:
    with database.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO campaigns_dirtyday (family, day)
                SELECT DISTINCT %s, day FROM {table} WHERE campaign_id = %s {condition} ON CONFLICT DO NOTHING""",
            [family, campaign_id],
        )
