"""Every page of the table, as it is once reports were sent and one of each kind of thing is there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.test import Client as Browser
from django.utils import timezone
from playwright.sync_api import Page

from accounts.audit import Actor
from accounts.models import User
from accounts.tenancy import inside
from jobs import worker
from reports import scheduling, sharing
from reports.archive.models import Document
from reports.models import Recipient, Run, Schedule
from tests.accounts import stage
from tests.accounts.test_sign_in import SIGN_IN_URLS
from tests.conftest import PASSWORD, Cast

SIGNING_IN = tuple(f"/accounts/{path}/" for path in (
    "login", "password/reset", "password/reset/done", "password/reset/key/1-abc", "password/reset/key/done", "inactive",
    "confirm-email/no-such-key",
))  # fmt: skip
NOTHING_THERE = ("/join/no-such-token/", "/u/no-such-token/", "/r/no-such-token/", "/no-such-page/")


@dataclass(frozen=True)
class Pages:
    """Addresses that links lead anybody to, those of somebody who may see all, and which of them lead nowhere; the mail as it was kept."""

    anybody: list[str]
    owner: list[str]
    gone: frozenset[str]
    shared: str
    mail: str


def every(cast: Cast) -> Pages:
    """A report that was sent, one that waits for a yes, and links to them: open, with a password, and revoked."""
    key = "{}-W{:02}".format(*(timezone.now() - timedelta(days=7)).isocalendar()[:2])
    runs = []
    for needs_approval in (False, True):
        schedule = scheduling.create_weekly(cast.client, {"ana@lumen.example": "fr"})
        Schedule.objects.filter(pk=schedule.pk).update(policy=Schedule.Policy.SEND, needs_approval=needs_approval, approver=cast.owner)
        schedule.refresh_from_db()
        runs.append(scheduling.open_run(schedule, key))
    worker.work_off()
    sent, draft = (Run.objects.get(pk=run.pk) for run in runs)
    assert (sent.state, draft.state) == (Run.State.READY, Run.State.APPROVAL)
    actor = Actor(cast.owner.email, cast.owner)
    links = [sharing.make(cast.client, sent, "fr", actor, password=password) for password in ("", "secret", "")]
    sharing.revoke(links[2], actor)
    shared, locked, gone = (f"/r/{sharing.token(link)}/" for link in links)
    with inside(cast.client):
        mail = Document.objects.get(snapshot__run_id=sent.pk, kind=Document.Kind.HTML)
    reader = Recipient.objects.get(schedule=sent.schedule)
    # Somebody who may see all of it: of the agency, and of those who run the server.
    User.objects.filter(pk=cast.owner.pk).update(is_staff=True, is_superuser=True)
    reports = "/c/lumen/reports"
    owner = [f"{reports}/{draft.pk}/", f"{reports}/{sent.pk}/", f"{reports}/schedules/{sent.schedule_id}/preview/", "/c/lumen/kpis/leads/"]
    owner += ["/c/lumen/mapping/rules/?source=podcast&campaign=Episode", "/c/lumen/settings/choices/mql_rule/"]
    owner += [address for address, (signed_in, *_) in SIGN_IN_URLS.values() if signed_in == 200]
    owner += [address for _name, address in stage.addresses(stage.one_of_each(cast))]
    anybody = [*SIGNING_IN, *NOTHING_THERE, shared, locked, gone, f"/u/{reader.token}/"]
    html = bytes(mail.content).decode()
    return Pages(anybody, pages_only(cast.owner, owner), frozenset({*NOTHING_THERE, gone}), shared, html)


def pages_only(person: User, addresses: list[str]) -> list[str]:
    """Each once, and no files. An operator's page reads itself anew unless it is told not to."""
    browser, found = browser_of(person), []
    for address in dict.fromkeys(addresses):
        answer = browser.get(address)
        assert answer.status_code == 200, (address, answer.status_code, answer.get("Location"))
        list(answer)  # a file is closed when it was read
        if answer["Content-Type"].startswith("text/html"):
            found.append(f"{address}?still" if address == "/operations/" else address)
    return found


def browser_of(person: User) -> Browser:
    """As after the sign-in with a password: pages that change how one signs in ask for it anew otherwise."""
    browser = Browser(SERVER_NAME="localhost")
    answer = browser.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    assert answer.status_code == 302, answer.status_code
    return browser


def sign_in(page: Page, site: str, person: User) -> None:
    """Without its page, which has tests of its own."""
    cookies = browser_of(person).cookies.items()
    page.context.add_cookies([{"name": name, "value": morsel.value, "url": site} for name, morsel in cookies])
