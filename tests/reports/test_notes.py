"""An account manager writes for the reader; the report that is prepared next says it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from accounts.models import AuditEvent
from jobs import worker
from reports import preparing, scheduling
from reports.archive.models import Snapshot
from reports.models import Schedule
from tests.accounts.reading import text
from tests.conftest import Cast
from tests.reports.conftest import WEEK

ADDRESS = "/api/v1/clients/lumen/notes/"
NOTE = {"kind": "needed", "period": WEEK, "text": "Please approve December's budget."}


def test_a_note_is_in_the_reports_prepared_after_it(cast: Cast, schedule: Schedule, signed_in: Any, mail_server: object) -> None:
    browser = signed_in(cast.owner)
    written = browser.post(ADDRESS, NOTE, content_type="application/json")
    assert (written.status_code, written.json()["author_id"]) == (201, cast.owner.pk)
    browser.post(ADDRESS, NOTE | {"period": "2026-W47", "kind": "next"}, content_type="application/json")
    assert [note["period"] for note in browser.get(ADDRESS).json()] == ["2026-W47", WEEK]
    assert [note["text"] for note in browser.get(ADDRESS, {"period": WEEK}).json()] == [NOTE["text"]]

    scheduling.open_run(schedule, WEEK)
    worker.work_off()
    kept = Snapshot.objects.get(period=WEEK)
    assert preparing.restored(kept).notes.needed == (NOTE["text"],)
    assert preparing.restored(kept).notes.next == ()
    for person in (cast.owner.email, "ana@lumen.example"):
        assert person not in kept.figures

    assert browser.delete(f"{ADDRESS}{written.json()['id']}/").status_code == 204
    assert browser.get(ADDRESS, {"period": WEEK}).json() == []
    assert preparing.restored(Snapshot.objects.get(period=WEEK)).notes.needed == (NOTE["text"],)
    assert list(AuditEvent.objects.filter(verb__startswith="note.").order_by("pk").values_list("verb", flat=True)) == [
        "note.written", "note.written", "note.removed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value"),
    [("kind", "joke"), ("period", "week 46"), ("period", "2026-W46\0"), ("text", ""), ("text", "a" * 601), ("text", "a\0b")],
)
def test_a_note_that_cannot_be_kept_is_refused_by_its_field(cast: Cast, signed_in: Any, field: str, value: str) -> None:
    answer = signed_in(cast.owner).post(ADDRESS, NOTE | {field: value}, content_type="application/json")
    assert (answer.status_code, list(answer.json())) == (400, [field])


def test_a_removed_note_is_taken_back_as_it_was_by_whoever_removed_it(cast: Cast, signed_in: Any) -> None:
    browser, page = signed_in(cast.owner), f"/c/lumen/reports/notes/?period={WEEK}"
    written = browser.post(ADDRESS, NOTE, content_type="application/json").json()
    removed = browser.post(f"/c/lumen/reports/notes/{written['id']}/remove/", follow=True)
    assert "Take it back" in text(removed)
    [address] = re.findall(r'form="at-once" formaction="([^"]+)"', removed.content.decode())
    assert signed_in(cast.owner).post(address).status_code == 302, "another session has nothing to take back"
    assert browser.get(ADDRESS).json() == []

    assert "The note is back." in text(browser.post(address, follow=True))
    [again] = browser.get(ADDRESS).json()
    assert again["created_at"][:23] == written["created_at"][:23]
    assert again | {"created_at": ""} == written | {"created_at": ""}
    browser.post(address)
    assert browser.get(ADDRESS).json() == [again], "once"
    assert NOTE["text"] in text(browser.get(page))
    assert AuditEvent.objects.order_by("-pk")[0].verb == "note.restored"
