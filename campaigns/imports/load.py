"""The one code path of every import: read whole, refuse whole, or store whole."""

from __future__ import annotations

import hashlib
import hmac
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from accounts.models import Client
from campaigns.imports.cells import Context
from campaigns.imports.faults import Fault, Refusal
from campaigns.imports.kinds import Kind, Owner, Values
from campaigns.imports.reading import Reading
from campaigns.models import Connection, Upload
from campaigns.records import AdDay
from campaigns.spool import Spool
from campaigns.streams import Conflict
from campaigns.sync import store
from campaigns.writer import be_the_only_writer

# Each account of a file holds open files of its own while it is read.
MOST_ACCOUNTS = 100


@dataclass(frozen=True)
class Loaded:
    """What an import did: rows read, rows that were new or changed, and the days it spans (None for a file of no rows)."""

    rows: int
    inserted: int
    updated: int
    since: date | None
    until: date | None


def load(client: Client, kind: Kind, path: Path) -> Loaded:
    """Import one file into the client whose schema is open. Raises `Refusal`; then nothing was stored."""
    reading = Reading(path, kind, _context(client))
    with Spools() as spools:
        seen = SeenCampaigns()
        rows = 0
        for line, values in reading.rows():
            rows += 1
            _spool_row(reading, line, values, spools, seen)
        if reading.faults:
            raise Refusal(reading.faults)
        return _store(client, kind, path, spools, rows)


class Spools(ExitStack):
    """One spool per connection that the file names."""

    def __init__(self) -> None:
        super().__init__()
        self.by_owner: dict[Owner, Spool] = {}

    def of(self, owner: Owner) -> Spool:
        if owner not in self.by_owner:
            self.by_owner[owner] = self.enter_context(Spool())
        return self.by_owner[owner]


class SeenCampaigns:
    """What the file has said of its campaigns so far, to notice when it contradicts itself."""

    def __init__(self) -> None:
        self._channels: dict[tuple[Owner, str], tuple[str, int]] = {}
        self._names: dict[tuple[Owner, str], tuple[date, str, int]] = {}

    def fault(self, line: int, owner: Owner, record: AdDay) -> Fault | None:
        """One channel for a campaign in the whole file, and one name on each day: whatever the order of the lines."""
        key = (owner, record.campaign_id)
        channel, channel_line = self._channels.setdefault(key, (record.channel, line))
        if channel != record.channel:
            return Fault(line, "channel", record.channel, f"the same campaign has channel {channel} on line {channel_line}")
        day, name, name_line = self._names.get(key, (record.day, record.campaign, line))
        if day == record.day and name != record.campaign:
            return Fault(line, "campaign", record.campaign, f"the same campaign_id is called {name!r} on that day on line {name_line}")
        if record.day >= day:
            self._names[key] = (record.day, record.campaign, line)
        return None


def _spool_row(reading: Reading, line: int, values: Values, spools: Spools, seen: SeenCampaigns) -> None:
    owner = reading.kind.owner(values)
    if len(spools.by_owner) >= MOST_ACCOUNTS and owner not in spools.by_owner:
        raise Refusal([Fault(line, "account", owner[1], f"more than {MOST_ACCOUNTS} accounts in one file; split it")])
    for record in reading.kind.records(values, reading.context):
        if isinstance(record, AdDay) and (fault := seen.fault(line, owner, record)):
            reading.note(fault)
        spools.of(owner).write(record, line)


def _store(client: Client, kind: Kind, path: Path, spools: Spools, rows: int) -> Loaded:
    pulls = []
    with transaction.atomic():
        be_the_only_writer(client)
        upload = Upload.objects.create(
            kind=kind.name, file_name=path.name[-255:], size=path.stat().st_size, state=Upload.State.STORED, rows=rows
        )
        for (source_name, account), spool in sorted(spools.by_owner.items(), key=lambda item: item[0]):
            source = _connection(client, kind, source_name, account)
            try:
                pulls += store(client, source, spool, window=None, upload=upload)
            except Conflict as conflict:
                raise Refusal(_conflict_fault(kind, *pair) for pair in conflict.pairs) from None
    return Loaded(
        rows=rows,
        inserted=sum(pull.inserted for pull in pulls),
        updated=sum(pull.updated for pull in pulls),
        since=min((pull.since for pull in pulls), default=None),
        until=max((pull.until for pull in pulls), default=None),
    )


def _connection(client: Client, kind: Kind, source_name: str, account: str) -> Connection:
    source, _ = Connection.objects.get_or_create(
        source=source_name, account=account, defaults={"currency": client.currency, "timezone": client.timezone, "name": account}
    )
    if source.credential_id is not None:
        reason = f"{source_name} account {account} is read from its API; a file for it would count the same rows twice"
        raise Refusal([Fault(1, "account", account, reason)])
    return source


def _conflict_fault(kind: Kind, first: int, second: int, key: str) -> Fault:
    return Fault(second, ", ".join(kind.key), key, f"another row with the same key stands on line {first} and says something else")


def _context(client: Client) -> Context:
    key = bytes(client.pseudonym_key)

    def hash_email(address: str) -> str:
        return hmac.new(key, address.lower().encode(), hashlib.sha256).hexdigest()

    return Context(client.zone, client.currency, timezone.now().astimezone(client.zone).date(), hash_email)
