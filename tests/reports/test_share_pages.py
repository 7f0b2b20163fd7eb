"""Links are made, looked after and revoked; people write what figures do not tell; addresses that are spared are written to again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.audit import Actor
from accounts.tenancy import inside
from jobs import worker
from reports import notes, scheduling, sharing
from reports.archive.models import Note
from reports.models import Run, Schedule, ShareLink, Suppression
from tests.conftest import Cast
from tests.mail_server import MailServer
from tests.reports.conftest import WEEK

LINKS, NOTES, SPARED = (f"/c/lumen/reports/{name}/" for name in ("links", "notes", "suppressions"))
SignIn = Callable[..., Any]


@pytest.fixture
def run(schedule: Schedule, mail_server: MailServer) -> Run:
    run = scheduling.open_run(schedule, WEEK)
    worker.work_off()
    run.refresh_from_db()
    return run


def shown(browser: Any, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, address
    return str(answer.content.decode())


def test_a_link_is_made_opened_seen_in_its_log_and_revoked(run: Run, cast: Cast, signed_in: SignIn) -> None:
    browser = signed_in(cast.owner)
    wanted: dict[str, Any] = {"run": run.pk, "language": "fr", "days": "30", "password": ""}
    for field, value, said in (
        ("run", run.pk + 9, "Select a valid choice"),
        ("days", "4000", "Select a valid choice"),
        ("password", "short", "at least 6 characters"),
    ):
        assert said in browser.post(LINKS, wanted | {field: value}).content.decode()
    assert not ShareLink.objects.filter(delivery=None).exists()
    browser.post(LINKS, wanted)
    link = ShareLink.objects.get(delivery=None)
    assert 29 <= (link.expires_at - timezone.now()).days <= 30
    assert f"/r/{sharing.token(link)}/" in shown(browser, LINKS)
    reader = Browser(SERVER_NAME="localhost", headers={"user-agent": "A phone", "accept-language": "en"})
    public = shown(reader, f"/r/{sharing.token(link)}/")
    assert 'lang="fr"' in public
    assert "set_language" not in public
    assert "/language/setlang/" not in public
    page = shown(browser, LINKS)
    assert "Opened 1 time" in page
    assert "A phone" in page
    analyst = shown(signed_in(cast.analyst), LINKS)
    assert sharing.token(link) not in analyst
    assert "Revoke" not in analyst
    browser.post(f"{LINKS}{link.pk}/revoke/")
    assert "Revoked" in shown(browser, LINKS)
    assert reader.get(f"/r/{sharing.token(link)}/").status_code == 404


def test_links_and_spared_addresses_and_notes_are_listed_with_as_many_queries_each_as_one(run: Run, cast: Cast, signed_in: SignIn) -> None:
    browser, counted, by = signed_in(cast.owner), [], Actor("owner", cast.owner)
    for number in range(3):
        with inside(cast.client):
            link = sharing.make(cast.client, run, "fr", by)
            sharing.note(link, "page", None, "A phone")
            notes.write(cast.client, by, kind="done", period=WEEK, text=f"Note {number}")
            notes.write(cast.client, by, kind="done", period="2026-W45", text=f"Earlier {number}")
        Suppression.objects.create(client=cast.client, email=f"p{number}@lumen.example", reason=Suppression.Reason.COMPLAINT)
        for address in (LINKS, SPARED, f"{NOTES}?period={WEEK}"):
            browser.get(address)
            with CaptureQueriesContext(connection) as asked:
                shown(browser, address)
            counted.append((address, len(asked)))
    assert len(set(counted)) == 3, counted


def test_notes_are_written_by_kind_copied_from_earlier_ones_and_removed(schedule: Schedule, cast: Cast, signed_in: SignIn) -> None:
    browser, of_week = signed_in(cast.owner), f"{NOTES}?period={WEEK}"
    browser.post(of_week, {"do": "needed", "needed-text": "Your yes to the pictures."})
    assert "This field is required." in browser.post(of_week, {"do": "done", "done-text": " "}).content.decode()
    assert "at most 600 characters" in browser.post(of_week, {"do": "done", "done-text": "x" * 601}).content.decode()
    page = shown(browser, of_week)
    assert "Your yes to the pictures." in page
    assert "owner@people.example" in page
    following = scheduling.upcoming(schedule, 1)[0].period.key
    assert f'value="{following}" selected' in shown(browser, NOTES)
    with inside(cast.client):
        [note] = Note.objects.all()
    browser.post(f"{NOTES}?period={following}", {"do": "copy", "note": note.pk})
    with inside(cast.client):
        assert set(Note.objects.values_list("kind", "period", "text")) == {("needed", each, note.text) for each in (WEEK, following)}
    browser.post(f"{NOTES}{note.pk}/remove/")
    with inside(cast.client):
        assert Note.objects.get().period == following
    assert browser.get(f"{NOTES}?period=2020-W01").status_code == 404
    assert "Add" not in shown(signed_in(cast.analyst), NOTES).partition("<main")[2]
    assert signed_in(cast.viewer).get(NOTES).status_code == 403
    assert signed_in(cast.stranger).get(NOTES).status_code == 404


def test_a_spared_address_is_told_with_its_reason_and_written_to_again(cast: Cast, signed_in: SignIn) -> None:
    browser = signed_in(cast.owner)
    assert "Every address is written to" in shown(browser, SPARED)
    reason = Suppression.Reason.HARD_BOUNCE
    row = Suppression.objects.create(client=cast.client, email="cem@lumen.example", reason=reason, detail="550 no such person")
    page = shown(signed_in(cast.analyst), SPARED)
    assert "Mail to it came back for good" in page
    assert "550 no such person" in page
    assert "Write to it again" not in page
    browser.post(f"{SPARED}{row.pk}/lift/")
    page = shown(browser, SPARED)
    assert "Reports are sent to cem@lumen.example again." in page
    assert "Written to again" in page
