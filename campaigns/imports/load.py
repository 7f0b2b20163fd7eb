"""The one code path of every import: read whole, refuse whole, or store whole."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from accounts.models import Client
from campaigns.connectors.base import Replaces
from campaigns.imports.cells import Context
from campaigns.imports.coherence import Coherence
from campaigns.imports.faults import Fault, Refusal
from campaigns.imports.kinds import DEFAULT_ACCOUNT, Column, Kind, Owner, Values, owner
from campaigns.imports.mapping import Mapping
from campaigns.imports.reading import Reading
from campaigns.imports.reasons import Reason
from campaigns.models import Connection, Pull, Upload
from campaigns.pseudonyms import email_hasher
from campaigns.spool import Spool
from campaigns.streams import Conflict, Window, execute
from campaigns.sync import store
from campaigns.tables import of_family
from campaigns.writer import be_the_only_writer

# Each account of a file holds open files of its own while it is read.
MOST_ACCOUNTS = 100
SHOWN_ROWS = 20


@dataclass(frozen=True)
class Handover:
    """Who tells of which days, where a file is of an account that its platform tells of.

    Files tell the days up to `until`, rows after it are left out and the platform tells those; None: up to the file's own
    last day. What the platform told of days that the file speaks of goes.
    """

    until: date | None = None


@dataclass(frozen=True)
class Loaded:
    """What an import did, in rows of the file, and the days it spans (None for a file of no rows).

    `skipped`: rows that sum up others. `left_out`: rows of days that the platform tells.
    """

    rows: int
    inserted: int
    updated: int
    since: date | None
    until: date | None
    skipped: int = 0
    left_out: int = 0

    @property
    def unchanged(self) -> int:
        return self.rows - self.inserted - self.updated - self.left_out


@dataclass
class Shown:
    """What of a file a person looks at: its first rows as they are understood, and the sums of its columns, as canonical text."""

    rows: list[dict[str, str]] = field(default_factory=list)
    totals: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Preview:
    """What an import would do. With `faults` it would do nothing, and `loaded` is None; `more`: there may be more of them."""

    loaded: Loaded | None
    shown: Shown
    faults: list[Fault]
    more: bool = False


def load(
    client: Client,
    kind: Kind,
    path: Path,
    mapping: Mapping | None = None,
    upload: Upload | None = None,
    handover: Handover | None = None,
) -> Loaded:
    """Import one file into the client whose schema is open. Raises `Refusal`; then nothing of it was stored.

    `upload`: the file as it is known already, which learns how it ended; without, one is made. `mapping`: None for a file in
    the canonical format. `handover`: the answer to the question that `Reason.FED_BY_ITS_API` asks.
    """
    try:
        return _Import(client, kind, path, mapping, handover).run(upload)
    except Refusal as refusal:
        if upload:
            _keep_faults(upload, kind, mapping, refusal)
        raise


def preview(client: Client, kind: Kind, path: Path, mapping: Mapping | None = None, handover: Handover | None = None) -> Preview:
    """What `load` would do: it does it, and takes it back."""
    trial = _Import(client, kind, path, mapping, handover)
    try:
        with transaction.atomic():
            loaded = trial.run(None)
            transaction.set_rollback(True)
    except Refusal as refusal:
        return Preview(None, trial.shown, refusal.faults, refusal.more)
    return Preview(loaded, trial.shown, [])


class Spools(ExitStack):
    """One spool per connection that the file names."""

    def __init__(self) -> None:
        super().__init__()
        self.by_owner: dict[Owner, Spool] = {}
        self.days: dict[Owner, tuple[date, date]] = {}

    def of(self, named: Owner) -> Spool:
        if named not in self.by_owner:
            self.by_owner[named] = self.enter_context(Spool())
        return self.by_owner[named]


class _Import:
    def __init__(self, client: Client, kind: Kind, path: Path, mapping: Mapping | None, handover: Handover | None) -> None:
        self.client = client
        self.kind = kind
        self.path = path
        self.mapping = mapping
        self.handover = handover
        self.reading = Reading(path, kind, _context(client), mapping)
        self.coherence = Coherence(self.reading)
        self.shown = Shown()
        self._sums: dict[str, int] = {}
        self.rows = self.left_out = 0

    def run(self, upload: Upload | None) -> Loaded:
        with Spools() as spools:
            try:
                for line, values in self.reading.rows():
                    self._take(line, values, spools)
            finally:
                self.shown.totals = {name: _text_of(self._column(name), total) for name, total in self._sums.items()}
            if self.reading.faults:
                raise Refusal(self.reading.faults)
            return self._store(spools, upload)

    def _column(self, name: str) -> Column:
        column = self.kind.column(name)
        assert column is not None
        return column

    def _take(self, line: int, values: Values, spools: Spools) -> None:
        self.rows += 1
        self._show(values)
        named = owner(values)
        if len(spools.by_owner) >= MOST_ACCOUNTS and named not in spools.by_owner:
            fault = Fault(line, self.reading.called("account"), named[1], Reason.TOO_MANY_ACCOUNTS, {"most": MOST_ACCOUNTS})
            raise Refusal([*self.reading.faults, fault])
        spool = spools.of(named)
        for record in self.kind.records(values, self.reading.context):
            self.coherence.check(line, named, values, record)
            spool.write(record, line)
            since, until = spools.days.get(named, (record.day, record.day))
            spools.days[named] = min(since, record.day), max(until, record.day)

    def _show(self, values: Values) -> None:
        if len(self.shown.rows) < SHOWN_ROWS:
            said = ((column, values[column.name]) for column in self.kind.columns)
            self.shown.rows.append({column.name: _text_of(column, value) for column, value in said if value is not None})
        for column in self.kind.columns:
            if column.type.adds_up and (value := values[column.name]) is not None:
                self._sums[column.name] = self._sums.get(column.name, 0) + value

    def _store(self, spools: Spools, upload: Upload | None) -> Loaded:
        with transaction.atomic():
            be_the_only_writer(self.client)
            kept = upload or Upload(file_name=self.path.name[-255:], size=self.path.stat().st_size)
            kept.kind, kept.mapping, kept.faults = self.kind.name, self.mapping.as_json() if self.mapping else {}, []
            kept.save()
            pulls = [pull for named in sorted(spools.by_owner) for pull in self._store_one(spools, named, kept)]
            counts = [_rows_of(pull) for pull in pulls]
            loaded = Loaded(
                rows=self.rows,
                inserted=sum(new for new, _ in counts),
                updated=sum(changed for _, changed in counts),
                since=min((pull.since for pull in pulls), default=None),
                until=max((pull.until for pull in pulls), default=None),
                skipped=self.reading.skipped,
                left_out=self.left_out,
            )
            _keep_outcome(kept, loaded)
        return loaded

    def _store_one(self, spools: Spools, named: Owner, upload: Upload) -> list[Pull]:
        source = self._connection(named)
        spool: Spool = spools.by_owner[named]
        window = None
        if source.credential_id is not None and not _tells_already(source, spools.days[named][1]):
            spool, window = self._handed_over(spools, named, source)
            if window.until < window.since:
                return []
        try:
            return store(self.client, source, spool, window=window, upload=upload, accept_loss=True)
        except Conflict as conflict:
            raise Refusal(self._conflict(*pair) for pair in conflict.pairs) from None

    def _connection(self, named: Owner) -> Connection:
        source_name, account = named
        self._refuse_nameless(source_name, account)
        currency, line = self.coherence.currencies.get(named, ("", 0))
        source, _ = Connection.objects.get_or_create(
            source=source_name,
            account=account,
            defaults={"currency": currency or self.client.currency, "timezone": self.client.timezone, "name": account},
        )
        if currency and currency != source.currency:
            fault = Fault(line, self.reading.called("currency"), currency, Reason.OTHER_CURRENCY, {"currency": source.currency})
            raise Refusal([fault])
        return source

    def _refuse_nameless(self, source_name: str, account: str) -> None:
        """Without its account, a file of a source that is read from its API would stand beside it and count twice."""
        fed = Connection.objects.filter(source=source_name, credential_id__isnull=False).order_by("account")
        if account == DEFAULT_ACCOUNT and (accounts := list(fed.values_list("account", flat=True))):
            params: dict[str, str | int] = {"source": source_name, "accounts": ", ".join(accounts)}
            raise Refusal([Fault(1, self.reading.called("account"), "", Reason.WHICH_ACCOUNT, params)])

    def _handed_over(self, spools: Spools, named: Owner, source: Connection) -> tuple[Spool, Window]:
        """The file's rows of days that files now tell, and the window in which they take the place of what the platform told."""
        if self.handover is None:
            params: dict[str, str | int] = {"source": source.source, "account": source.account}
            raise Refusal([Fault(1, self.reading.called("account"), source.account, Reason.FED_BY_ITS_API, params)])
        since, last = spools.days[named]
        until = min(last, self.handover.until or last)
        source.files_until = max(filter(None, (self.handover.until or last, source.files_until)))
        source.save(update_fields=["files_until"])
        spool = spools.by_owner[named] if until == last else self._until(spools, spools.by_owner[named], until)
        return spool, Window(self.kind.family, since, until, Replaces.WINDOW)

    def _until(self, spools: Spools, whole: Spool, until: date) -> Spool:
        part = spools.enter_context(Spool())
        first, *_others = tables = of_family(self.kind.family)
        for table in tables:
            for line, record in whole.read(table.record):
                if record.day <= until:
                    part.write(record, line)
                elif table is first:
                    self.left_out += 1
        return part

    def _conflict(self, first: int, second: int, key: str) -> Fault:
        columns = ", ".join(dict.fromkeys(self.reading.called(column) for column in self.kind.key))
        # Where the key is stored as ids of rows of ours, it says nothing to anybody.
        shown = "" if any(column.endswith("_id") for column in of_family(self.kind.family)[0].key if column != "external_id") else key
        return Fault(second, columns, shown, Reason.SAME_KEY, {"line": first})


def _tells_already(source: Connection, last: date) -> bool:
    """Whether all days of a file are days that files tell."""
    return source.files_until is not None and last <= source.files_until


def _rows_of(pull: Pull) -> tuple[int, int]:
    """How many rows of a file were new and how many changed something: a row may be kept in several tables."""
    tables = of_family(pull.family)
    key = tables[0].key
    now = "jsonb_build_array({})".format(", ".join(f"to_jsonb({column})" for column in key))
    was = "jsonb_build_array({})".format(", ".join(f"row -> '{column}'" for column in key))
    touched = " UNION ".join(
        f"SELECT {now} AS key FROM {table.name} WHERE connection_id = %s AND pull_id = %s"
        for table in tables
        if set(key) <= set(table.columns)
    )
    parameters = [pull.connection_id, pull.pk] * touched.count("pull_id = %s")
    all_of_them, changed = execute(
        f"""WITH touched AS ({touched}),
                before AS (SELECT DISTINCT {was} AS key FROM campaigns_replaced WHERE pull_id = %s AND "table" = ANY(%s))
            SELECT count(*), count(before.key) FROM touched LEFT JOIN before USING (key)""",
        [*parameters, pull.pk, [table.name for table in tables]],
    )[0]
    return all_of_them - changed, changed


def _text_of(column: Column, value: object) -> str:
    """A value as the canonical format writes it."""
    if isinstance(value, int):
        return format((Decimal(value) / column.type.scale).normalize(), "f")
    return value.isoformat() if isinstance(value, date) else str(value)


def _keep_outcome(upload: Upload, loaded: Loaded) -> None:
    upload.state, upload.finished_at = Upload.State.STORED, timezone.now()
    upload.rows, upload.inserted, upload.updated = loaded.rows, loaded.inserted, loaded.updated
    upload.since, upload.until = loaded.since, loaded.until
    upload.save()


def _keep_faults(upload: Upload, kind: Kind, mapping: Mapping | None, refusal: Refusal) -> None:
    upload.kind, upload.mapping = kind.name, mapping.as_json() if mapping else {}
    upload.state, upload.finished_at = Upload.State.REFUSED, timezone.now()
    upload.faults = [fault.as_json() for fault in refusal.faults]
    upload.save()


def _context(client: Client) -> Context:
    return Context(client.zone, timezone.now(), email_hasher(client))
