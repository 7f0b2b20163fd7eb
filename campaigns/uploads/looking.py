"""What a file that waits looks like, how its columns become ours, and what storing it would do."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg.errors import LockNotAvailable

from accounts.models import Client
from campaigns.imports import BadMapping, Fault, Handover, Mapping, Preview, Proposal, files, preview, propose
from campaigns.imports.files import Format, Unreadable, rows
from campaigns.imports.kinds import KINDS
from campaigns.models import SavedMapping, Upload, UploadPart
from campaigns.uploads.pieces import materialised, storable
from jobs import queue

CHECK = "campaigns.check_import"
Effect = Callable[[], AbstractContextManager[None]]
# A file up to this size is read while its person waits, a larger one by a worker.
CHECKED_AT_ONCE = 2 * 2**20
# How long a person waits while something else writes this client's facts.
PATIENCE = "3s"
SAMPLE_ROWS = 5
# Nobody maps more columns, nor reads longer cells.
MOST_COLUMNS = 500
LONGEST_CELL = 200
# A person decides what becomes of these.
OPEN = (Upload.State.RECEIVED, Upload.State.REFUSED)


class NotOpen(Exception):
    """Something else became of the file meanwhile: it is being stored, or was stored, or thrown away."""


def take(upload: Upload, path: Path) -> None:
    """A new file; a large one is looked at by `check`. Raises `Unreadable`."""
    upload.found = {"weight": files.weight(path)}
    if not _is_large(upload):
        _look(upload, path)


def _is_large(upload: Upload) -> bool:
    return int(upload.found.get("weight", upload.size)) > CHECKED_AT_ONCE


def _is_looked_at(upload: Upload) -> bool:
    return "header" in upload.found


def _look(upload: Upload, path: Path) -> None:
    """What the file looks like, of the kind and the sheet that are said; at first, it is mapped as one with the same header was."""
    proposal = propose(path, upload.kind or None, upload.mapping.get("sheet", ""))
    mapping, found = proposal.mapping, upload.found | _found(proposal)
    if "digest" not in found:
        upload.kind, found["digest"] = proposal.kind or "", digest(proposal.header)
        if saved := _remembered(found["digest"], upload.kind):
            upload.kind, mapping = saved
            found |= {"preset": "", "confidence": 1.0, "doubts": [], "is_remembered": True}
    upload.found, upload.mapping = storable(found), storable(mapping.as_json())


def _found(proposal: Proposal) -> dict[str, Any]:
    return {
        "header": _cut(proposal.header),
        "sample": [_cut(cells) for cells in proposal.sample],
        "sheets": proposal.sheets,
        "preset": proposal.preset,
        "confidence": proposal.confidence,
        "doubts": [doubt.name for doubt in proposal.doubts],
    }


def _cut(cells: list[str]) -> list[str]:
    return [str(cell)[:LONGEST_CELL] for cell in cells[:MOST_COLUMNS]]


def digest(header: list[str]) -> str:
    return sha256("\x1f".join(header).encode("utf-8", "replace")).hexdigest()


def _remembered(header: str, kind: str) -> tuple[str, Mapping] | None:
    """The mapping that a file of this header was last stored with."""
    saved = SavedMapping.objects.filter(header=header, kind__in=KINDS).order_by("-created_at")
    # What it was stored as counts for more than what it looks like.
    for row in sorted(saved, key=lambda each: each.kind != kind):
        try:
            return row.kind, Mapping.from_json(row.mapping)
        except BadMapping:
            continue
    return None


def propose_as(client: Client, upload: Upload, kind: str, sheet: str = "") -> None:
    """Look at the file again as one of another kind, or at another sheet of it. Raises `Gone`, `NotOpen`, `ValidationError`."""
    upload.kind, upload.mapping, upload.handover = kind, Mapping(sheet=sheet).as_json(), {}
    upload.found = {name: upload.found[name] for name in ("digest", "weight") if name in upload.found}
    if not _is_large(upload):
        with materialised(upload) as path:
            try:
                _look(upload, path)
            except Unreadable as problem:
                raise ValidationError(why(problem)) from None
    check(client, upload)


def map_as(client: Client, upload: Upload, mapping: Mapping, handover: Handover | None) -> None:
    """Look at the file through another mapping. Raises `Gone`, `NotOpen`."""
    before = Mapping.from_json(upload.mapping)
    if before != mapping:
        upload.found["doubts"] = []  # somebody looked and decided
    upload.mapping = storable(mapping.as_json())
    upload.handover = handover_json(handover)
    if _format(before) != _format(mapping):
        with materialised(upload) as path:
            _read_start(upload, path, mapping)
    check(client, upload)


def _read_start(upload: Upload, path: Path, mapping: Mapping) -> None:
    """The header and the first rows as they are when the file is read in this way; columns that are not there lead nowhere."""
    try:
        start = [[cell.strip() for cell in cells] for _line, cells in islice(rows(path, _format(mapping)), SAMPLE_ROWS + 1)]
    except Unreadable:
        start = []
    header = start[0] if start else []
    upload.found |= storable({"header": _cut(header), "sample": [_cut(cells) for cells in start[1:]]})
    upload.mapping |= {"columns": {theirs: ours for theirs, ours in upload.mapping["columns"].items() if theirs in header}}


def _format(mapping: Mapping) -> Format:
    return Format(mapping.encoding, mapping.delimiter, mapping.skip_lines, mapping.sheet)


def check(client: Client, upload: Upload) -> None:
    """Find out what storing the file would do, at once or, where that takes long, by a worker. Raises `Gone`, `NotOpen`."""
    upload.preview, upload.problem = None, ""
    if _is_looked_at(upload) and upload.kind not in KINDS:
        _save(upload, Upload.State.RECEIVED)
    elif _is_large(upload) or not _checked(client, upload):
        with transaction.atomic():
            _save(upload, Upload.State.CHECKING)
            queue.enqueue(CHECK, client_id=client.pk, key=str(upload.pk), arguments={"upload_id": upload.pk})


def _checked(client: Client, upload: Upload) -> bool:
    """Whether it could be found out now; not while something else writes this client's facts."""
    with materialised(upload) as path:
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
                found = _previewed(client, upload, path)
        except OperationalError as error:
            if isinstance(error.__cause__, LockNotAvailable):
                return False
            raise
    upload.preview = found
    _save(upload, Upload.State.RECEIVED)
    return True


def check_slowly(client: Client, upload_id: int, effect: Effect) -> None:
    """What `check` left to a worker. Raises `Gone`."""
    upload = Upload.objects.filter(pk=upload_id, state=Upload.State.CHECKING).first()
    if upload is None:
        return
    before = Upload.objects.filter(pk=upload_id, state=Upload.State.CHECKING, mapping=upload.mapping)
    try:
        with materialised(upload) as path:
            if not _is_looked_at(upload):
                _look(upload, path)
            seen = _previewed(client, upload, path) if upload.kind in KINDS else None
    except Unreadable as problem:
        with effect():
            _refuse(before, problem)
        return
    with effect():
        kept = {"kind": upload.kind, "mapping": upload.mapping, "found": upload.found, "preview": seen}
        before.update(state=Upload.State.RECEIVED, **kept)


def _refuse(uploads: QuerySet[Upload], problem: Unreadable) -> None:
    """Of a file that cannot even be looked at, only the reason is kept."""
    fault = Fault(problem.line, "", "", problem.reason, problem.params)
    UploadPart.objects.filter(upload__in=uploads).delete()
    uploads.update(state=Upload.State.REFUSED, finished_at=timezone.now(), found={}, faults=[fault.as_json()])


def _previewed(client: Client, upload: Upload, path: Path) -> dict[str, Any]:
    kind, mapping = KINDS[upload.kind], Mapping.from_json(upload.mapping)
    return preview_json(preview(client, kind, path, mapping, handover_of(upload)))


def preview_json(seen: Preview) -> dict[str, Any]:
    """What is kept of a preview: {rows, inserted, updated, unchanged, skipped, left_out, since, until, totals, first, faults, more}."""
    kept: dict[str, Any] = {
        "totals": seen.shown.totals,
        "first": [{name: text[:LONGEST_CELL] for name, text in row.items()} for row in seen.shown.rows],
        "faults": [fault.as_json() for fault in seen.faults],
        "more": seen.more,
    }
    if done := seen.loaded:
        counts = {name: getattr(done, name) for name in ("rows", "inserted", "updated", "unchanged", "skipped", "left_out")}
        kept |= counts | {"since": _iso(done.since), "until": _iso(done.until)}
    cleaned: dict[str, Any] = storable(kept)
    return cleaned


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def handover_json(said: Handover | None) -> dict[str, Any]:
    return {} if said is None else {"until": _iso(said.until)}


def handover_of(upload: Upload) -> Handover | None:
    if not upload.handover:
        return None
    until = upload.handover["until"]
    return Handover(date.fromisoformat(until) if until else None)


def _save(upload: Upload, state: str) -> None:
    """Keep what was found out, unless something else became of the file meanwhile."""
    kept = {name: getattr(upload, name) for name in ("kind", "mapping", "found", "preview", "handover", "problem")}
    changed = Upload.objects.filter(pk=upload.pk, state__in=[*OPEN, Upload.State.CHECKING]).update(state=state, faults=[], **kept)
    if not changed:
        raise NotOpen
    upload.state, upload.faults = state, []


def faults_of(upload: Upload) -> list[Fault]:
    """What was wrong when it was last read."""
    kept = upload.faults or (upload.preview or {}).get("faults", [])
    return [Fault.from_json(fault) for fault in kept]


def why(problem: Unreadable) -> str:
    return str(_(problem.reason.value) % problem.params)
