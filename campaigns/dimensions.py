"""The small tables that facts refer to, kept while a spool is stored: campaigns of platforms, origins, pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from campaigns import dirty, names, origins
from campaigns.models import Campaign, Connection, ConversionAction, Origin, Page, PlatformCampaign
from campaigns.records import AdDay, Record
from campaigns.records import ConversionAction as ConversionActionRecord
from campaigns.spool import Spool
from campaigns.tables import REFERS, TABLES, Ids, Table

BATCH = 2_000


class Dimensions:
    """What the records of one spool refer to, made where it is new. `moved`: the families whose older facts changed by it."""

    def __init__(self, source: Connection, spool: Spool) -> None:
        self.source = source
        self.spool = spool
        self.moved: set[str] = set()
        self._ids: dict[str, Callable[[Any], object]] = {}
        if spool.has(AdDay):
            self._keep_platform_campaigns()
        self._keep_actions()
        self._ids |= {"origin_id": self._origins().__getitem__, "page_id": self._pages().__getitem__}

    def of(self, table: Table) -> Ids:
        return {column: turn for column, turn in self._ids.items() if column in table.columns}

    def _said(self, column: str) -> Iterator[Any]:
        """Every value that a record of this spool has for what `column` refers to."""
        for table in TABLES:
            if column in table.columns and self.spool.has(table.record):
                yield from {_read(record, column, table) for _, record in self.spool.read(table.record)}

    def _origins(self) -> dict[Any, int]:
        return origins.keep(set(self._said("origin_id")))

    def _pages(self) -> dict[str, int]:
        by_key = {Page.key_of(path): path for path in self._said("page_id")}
        keys = list(by_key)
        Page.objects.bulk_create(
            [Page(key=key, path=path) for key, path in by_key.items()], ignore_conflicts=True, batch_size=BATCH
        ) if keys else None
        found: dict[str, int] = {}
        for start in range(0, len(keys), BATCH):
            found |= dict(Page.objects.filter(key__in=keys[start : start + BATCH]).values_list("key", "pk"))
        return {path: found[key] for key, path in by_key.items()}

    def _keep_actions(self) -> None:
        """What the account counts as conversions; the client's own choice among them stays."""
        rows = [
            ConversionAction(
                connection=self.source, action=said.action, name=said.name[:255], category=said.category, counts_there=said.counts
            )
            for _, said in self.spool.read(ConversionActionRecord)
        ]
        before = dict(ConversionAction.objects.filter(connection=self.source, counts=None).values_list("action", "counts_there"))
        ConversionAction.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["connection", "action"],
            update_fields=["name", "category", "counts_there"],
        )
        if any(row.action in before and before[row.action] != row.counts_there for row in rows):
            self.moved |= dirty.mark_family("ads")

    def _keep_platform_campaigns(self) -> None:
        """Create or rename the campaigns the ad rows speak of, and let older facts follow."""
        newest: dict[str, AdDay] = {}
        for _, record in self.spool.read(AdDay):
            if record.campaign_id not in newest or record.day >= newest[record.campaign_id].day:
                newest[record.campaign_id] = record
        before = {row.external_id: row for row in PlatformCampaign.objects.filter(connection=self.source)}
        ids = names.campaign_ids({record.campaign.strip() for record in newest.values()})
        rows = [
            PlatformCampaign(
                connection=self.source,
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
        self._follow(before, rows)
        known = dict(PlatformCampaign.objects.filter(connection=self.source).values_list("external_id", "pk"))
        self._ids["campaign_id"] = known.__getitem__

    def _follow(self, before: dict[str, PlatformCampaign], rows: list[PlatformCampaign]) -> None:
        """All days of a campaign whose name or channel changed are summed under the new one; its leads and orders follow it."""
        for row in rows:
            old = before.get(row.external_id)
            if old and (old.campaign_id, old.channel) != (row.campaign_id, row.channel):
                self.moved |= dirty.mark_platform_campaign(old.pk)
        touched = {row.campaign_id for row in rows} | {before[row.external_id].campaign_id for row in rows if row.external_id in before}
        changed = _agree_on_channels(touched)
        new_ids = [row.external_id for row in rows if row.external_id not in before]
        concerned = Origin.objects.filter(campaign__in=changed) | Origin.objects.filter(campaign_ref__in=new_ids)
        self.moved |= dirty.mark_origins(origins.decide_again(concerned.distinct()))


def _agree_on_channels(campaign_ids: set[int]) -> list[int]:
    """Give campaigns the channel their ads agree on; the ids of those whose channel changed."""
    said: dict[int, set[str]] = {}
    for campaign_id, channel in PlatformCampaign.objects.filter(campaign__in=campaign_ids).values_list("campaign_id", "channel"):
        said.setdefault(campaign_id, set()).add(channel)
    changed = []
    for campaign in Campaign.objects.filter(pk__in=campaign_ids):
        channels = said.get(campaign.pk, set())
        channel = channels.pop() if len(channels) == 1 else ""
        if campaign.channel != channel:
            Campaign.objects.filter(pk=campaign.pk).update(channel=channel)
            changed.append(campaign.pk)
    return changed


def _read(record: Record, column: str, table: Table) -> Any:
    return getattr(record, table.renamed.get(column, REFERS[column]))
