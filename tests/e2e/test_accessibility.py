"""Pages that readers, people of an agency and operators meet, and the mail, break no rule of axe, in light and in dark."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client as Browser
from django.utils import timezone
from playwright.sync_api import Page

from accounts.audit import Actor
from accounts.models import User
from accounts.sign_in.sessions import NOTED
from accounts.tenancy import inside
from jobs import worker
from reports import scheduling, sharing
from reports.archive.models import Document
from reports.models import Recipient, Run, Schedule
from tests.conftest import Cast
from tests.e2e.test_settings import PAGES as SETTINGS

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# In a sandbox no script runs, axe neither: a frame's document is looked at by itself.
OPTIONS = {"resultTypes": ["violations"], "iframes": False}
# A mail is shown inside its reader's page, which has the landmarks.
OF_PAGES = {"landmark-one-main": {"enabled": False}, "region": {"enabled": False}}


@dataclass(frozen=True)
class Addresses:
    """Where anybody is led by links, and where an operator goes; the mail as it was kept."""

    anybody: dict[str, str]
    operator: dict[str, str]
    mail: str


@pytest.fixture
def window(chromium: Any) -> Iterator[Page]:
    """A browser's window in which a page that is gone may be seen."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def addresses(site: str, pulled: Cast) -> Addresses:
    """A report that was sent, one that waits for a yes, and links to them: open, with a password, and revoked."""
    key = "{}-W{:02}".format(*(timezone.now() - timedelta(days=7)).isocalendar()[:2])
    runs = []
    for needs_approval in (False, True):
        schedule = scheduling.create_weekly(pulled.client, {"ana@lumen.example": "fr"})
        Schedule.objects.filter(pk=schedule.pk).update(policy=Schedule.Policy.SEND, needs_approval=needs_approval, approver=pulled.owner)
        schedule.refresh_from_db()
        runs.append(scheduling.open_run(schedule, key))
    worker.work_off()
    sent, draft = (Run.objects.get(pk=run.pk) for run in runs)
    assert (sent.state, draft.state) == (Run.State.READY, Run.State.APPROVAL)
    actor = Actor(pulled.owner.email, pulled.owner)
    links = [sharing.make(pulled.client, sent, "fr", actor, password=password) for password in ("", "secret", "")]
    sharing.revoke(links[2], actor)
    shared, locked, gone = (f"/r/{sharing.token(link)}/" for link in links)
    with inside(pulled.client):
        mail = Document.objects.get(snapshot__run_id=sent.pk, kind=Document.Kind.HTML)
    reader = Recipient.objects.get(schedule=sent.schedule)
    return Addresses(
        {"shared": shared, "with a password": locked, "gone": gone, "unsubscribe": f"/u/{reader.token}/"},
        {
            "agency": "/a/nord/",
            "new client": "/a/nord/clients/new/",
            "new clients": "/a/nord/clients/file/",
            "labels": "/a/nord/labels/",
            "overview": "/c/lumen/",
            "set-up": "/c/lumen/set-up/",
            "a draft": f"/c/lumen/reports/{draft.pk}/",
            "a sent report": f"/c/lumen/reports/{sent.pk}/",
            "reports": "/c/lumen/reports/",
            "schedules": "/c/lumen/reports/schedules/",
            "a new schedule": "/c/lumen/reports/schedules/new/",
            "a schedule": f"/c/lumen/reports/schedules/{sent.schedule_id}/",
            "recipients": f"/c/lumen/reports/schedules/{sent.schedule_id}/recipients/",
            "removing a schedule": f"/c/lumen/reports/schedules/{sent.schedule_id}/remove/",
            "a preview": f"/c/lumen/reports/schedules/{sent.schedule_id}/preview/",
            "links": "/c/lumen/reports/links/",
            "notes": "/c/lumen/reports/notes/",
            "spared addresses": "/c/lumen/reports/suppressions/",
            "cohorts": "/c/lumen/cohorts/",
            **{address: address for address in SETTINGS},
            "a figure": "/c/lumen/kpis/leads/",
            "a question": "/c/lumen/questions/ask/leads/?from=2026-11-09&to=2026-11-15",
            "questions": "/c/lumen/questions/",
            "annotations": "/c/lumen/annotations/",
            "targets": "/c/lumen/targets/?year=2026",
            "settings of figures": "/c/lumen/settings/figures/",
            "operations": "/operations/?still",  # else it reads itself anew, which axe takes for a page that cannot be held still
        },
        bytes(mail.content).decode(),
    )


def sign_in(page: Page, site: str, person: User) -> None:
    browser = Browser(SERVER_NAME="localhost")
    browser.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    session = browser.session
    session[NOTED] = time.time()
    session.save()
    page.context.add_cookies([{"name": name, "value": morsel.value, "url": site} for name, morsel in browser.cookies.items()])


def broken(page: Page, name: str, *, rules: dict[str, Any] | None = None) -> Iterator[str]:
    """A line for each rule that the page breaks, in either scheme."""
    for scheme in SCHEMES:
        # A colour on its way from one scheme to the other is neither's.
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for violation in Axe().run(page, options=OPTIONS | {"rules": rules or {}}).response["violations"]:
            nodes = [" ".join(map(str, node["target"])) for node in violation["nodes"]]
            yield f"{name}, {scheme}: {violation['id']}: {violation['help']}: {', '.join(nodes[:4])}"


def test_no_page_and_no_mail_breaks_a_rule_of_axe(window: Page, site: str, pulled: Cast, addresses: Addresses) -> None:
    found: list[str] = []
    for name, address in addresses.anybody.items():
        answer = window.goto(site + address)
        assert answer
        assert answer.status == (404 if name == "gone" else 200), name
        found += broken(window, name)
    document = window.request.get(f"{site}{addresses.anybody['shared']}report/").text()
    for name, html in {"the mail": addresses.mail, "the document": document}.items():
        window.goto("about:blank")
        window.set_content(html)
        found += broken(window, name, rules=OF_PAGES)
    # Somebody who may see all of it: of the agency, and of those who run the server.
    User.objects.filter(pk=pulled.owner.pk).update(is_staff=True, is_superuser=True)
    sign_in(window, site, pulled.owner)
    for name, address in addresses.operator.items():
        answer = window.goto(site + address)
        assert answer
        assert (answer.status, window.url) == (200, site + address), name
        found += broken(window, name)
    assert found == [], "\n".join(found)
