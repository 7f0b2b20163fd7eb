"""Documents as they were sent: each a file by week and language, and the tables that say what they are."""

from __future__ import annotations

import hashlib

import msgspec

from accounts.models import Client
from accounts.portability import Filed, Refused, Table, register
from reports.archive import reading
from reports.archive.models import Annotation, Document, Note, Question, Snapshot
from reports.models import Run

# A period has a second folder where two schedules reported it.
FOLDERS = """(SELECT id, 'documents/' || period || CASE WHEN number > 1 THEN '-' || number ELSE '' END AS path
    FROM (SELECT id, period, row_number() OVER (PARTITION BY period ORDER BY id) AS number FROM archive_snapshot) AS numbered)"""
ENDINGS = {Document.Kind.PDF: "pdf", Document.Kind.HTML: "html", Document.Kind.TEXT: "txt", Document.Kind.SUBJECT: "subject.txt"}
_CASES = " ".join(f"WHEN '{kind}' THEN '{ending}'" for kind, ending in ENDINGS.items())
_ENDING = f"CASE kind {_CASES} ELSE kind END"


def verify(client: Client) -> None:
    """Raise `Refused` for figures that are not those that were sent, or none that a page can show."""
    for snapshot in Snapshot.objects.order_by("pk").iterator(chunk_size=20):
        where = f"{_snapshots.file}, the snapshot of {snapshot.period}"
        if hashlib.sha256(snapshot.figures.encode()).hexdigest() != snapshot.sha256:
            raise Refused(f"{where}: its figures are not those that were sent (another SHA-256).")
        try:
            reading.report(snapshot)
        except msgspec.DecodeError as error:
            raise Refused(f"{where}: its figures cannot be read: {error}.") from None


_snapshots = Table(
    Snapshot,
    refers={"run_id": Run},
    filed=Filed("figures", f"(SELECT path || '/figures.json' FROM {FOLDERS} AS folder WHERE folder.id = archive_snapshot.id)"),
    after=verify,
)
_documents = Table(
    Document,
    filed=Filed(
        "content",
        f"(SELECT path || '/' || language || '.' || {_ENDING} FROM {FOLDERS} AS folder WHERE folder.id = archive_document.snapshot_id)",
    ),
)
# Who wrote a note has another number where the client is restored.
register(
    _snapshots,
    _documents,
    Table(Note, omitted=("author_id",)),
    Table(Annotation, omitted=("author_id",)),
    Table(Question, omitted=("asker_id",)),
)
