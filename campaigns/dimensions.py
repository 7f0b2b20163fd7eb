"""The small tables that facts refer to, kept while a spool is stored: campaigns of platforms, origins, pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple

from campaigns import dirty, names, origins
from campaigns.models import Campaign, Connection, ConversionAction, Origin, Page, PlatformCampaign
from campaigns.records import AdDay
from campaigns.records import ConversionAction as ConversionActionRecord
from campaigns.spool import Spool
from campaigns.streams import Ids, execute
from campaigns.tables import REFERS, TABLES, Table

BATCH = 2_000


class Dimensions:
    """What the records of one spool refer to, made where it is new. `moved`: the families whose older facts changed by it."""

    def __init__(self, source: Connection, spool: Spool) -> None:
        self.source = source
        self.spool = spool
        self.moved: set[str] = set()
        self._ids: dict[str, Callable[[Any], int]] = {}
        if spool.has(AdDay):
            self._keep_platform_campaigns()
        self._keep_actions()
        self._ids |= {"origin_id": self._origins().__getitem__, "page_id": self._pages().__getitem__}

    def of(self, table: Table) -> Ids:
        referring = [column for column in REFERS if column in table.columns]
        return {column: [self._ids[column](said) for said in self.spool.said(table.record, REFERS[column])] for column in referring}

    def _said(self, column: str) -> set[Any]:
        """Every value that a record of this spool has for what `column` refers to."""
        return {said for table in TABLES if column in table.columns for said in self.spool.said(table.record, REFERS[column])}

    def _origins(self) -> dict[Any, int]:
        return origins.keep(self._said("origin_id"))

    def _pages(self) -> dict[str, int]:
        by_key = {Page.key_of(path): path for path in self._said("page_id")}
        known = names.ids_by_key(Page, by_key)
        if new := [Page(key=key, path=path) for key, path in by_key.items() if key not in known]:
            known |= {page.key: page.pk for page in Page.objects.bulk_create(new, batch_size=BATCH)}
        return {path: known[key] for key, path in by_key.items()}

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
        before = self._known_campaigns()
        said = self._said_campaigns()
        news = {external_id: called for external_id, called in said.items() if _is_news(called, before.get(external_id))}
        PlatformCampaign.objects.bulk_create(
            [PlatformCampaign(connection=self.source, external_id=external_id, **called._asdict()) for external_id, called in news.items()],
            update_conflicts=True,
            unique_fields=["connection", "external_id"],
            update_fields=["name", "named_on", "channel", "campaign"],
        )
        self._follow(before, news)
        known = dict(PlatformCampaign.objects.filter(connection=self.source).values_list("external_id", "pk"))
        self._ids["campaign_id"] = known.__getitem__

    def _known_campaigns(self) -> dict[str, Called]:
        rows = PlatformCampaign.objects.filter(connection=self.source).values_list("external_id", *Called._fields)
        return {external_id: Called(*called) for external_id, *called in rows}

    def _said_campaigns(self) -> dict[str, Called]:
        newest = self.spool.newest_of_campaigns()
        ids = names.campaign_ids({record.campaign.strip() for record in newest.values()})
        return {
            external_id: Called(record.campaign.strip(), record.day, record.channel, ids[Campaign.key_of(record.campaign)])
            for external_id, record in newest.items()
        }

    def _follow(self, before: dict[str, Called], news: dict[str, Called]) -> None:
        """All days of a campaign whose name or channel changed are summed under the new one; its leads and orders follow it."""
        new_ids = [external_id for external_id in news if external_id not in before]
        moved = [external_id for external_id, called in news.items() if external_id in before and _has_moved(before[external_id], called)]
        for old in PlatformCampaign.objects.filter(connection=self.source, external_id__in=moved):
            self.moved |= dirty.mark_platform_campaign(old.pk)
        touched = {told[external_id].campaign_id for told in (before, news) for external_id in (*new_ids, *moved) if external_id in told}
        changed = _agree_on_channels(touched)
        concerned = Origin.objects.filter(campaign__in=changed) | Origin.objects.filter(campaign_ref__in=new_ids)
        self.moved |= dirty.mark_origins(origins.decide_again(concerned.distinct()))


class Called(NamedTuple):
    """What an ad platform calls one of its campaigns, as of the newest day of which it spoke."""

    name: str
    named_on: date
    channel: str
    campaign_id: int


def _is_news(said: Called, known: Called | None) -> bool:
    return known is None or (said != known and said.named_on >= known.named_on)


def _has_moved(old: Called, new: Called) -> bool:
    return (old.campaign_id, old.channel) != (new.campaign_id, new.channel)


def _agree_on_channels(campaign_ids: set[int]) -> list[int]:
    """Give campaigns the channel their ads agree on; the ids of those whose channel changed."""
    changed = execute(
        """UPDATE campaigns_campaign AS campaign SET channel = agreed.channel FROM (
               SELECT named.id, CASE WHEN min(ads.channel) = max(ads.channel) THEN min(ads.channel) ELSE '' END AS channel
               FROM campaigns_campaign AS named LEFT JOIN campaigns_platformcampaign AS ads ON ads.campaign_id = named.id
               WHERE named.id = ANY(%s) GROUP BY named.id) AS agreed
           WHERE campaign.id = agreed.id AND campaign.channel <> agreed.channel RETURNING campaign.id""",
        [list(campaign_ids)],
    )
    return [campaign_id for (campaign_id,) in changed]
