"""An object of each kind, so that every address of the table can be asked, and as many more as a list shall hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from accounts import attempts, vault
from accounts.audit import Actor
from accounts.models import ApiToken, Client, Invitation, Label, Role, Scope, User
from accounts.services import add_member, keep_credential
from accounts.tenancy import inside
from campaigns.models import Campaign, CampaignAlias, ChannelRules, Connection, Person, PersonMerge, Pull, Upload
from jobs import queue
from reports import scheduling, sharing
from reports.archive.models import Annotation, Note, Question
from reports.models import Endpoint, Run, Suppression
from reports.preparing import DELIVER
from tests.accounts.addresses import URLS
from tests.conftest import Cast

MONDAY, SUNDAY = date(2026, 11, 9), date(2026, 11, 15)
STORED = {"kind": "orders", "file_name": "orders.csv", "size": 1, "state": Upload.State.STORED, "made_by": "owner@people.example"}


def one_of_each(cast: Cast) -> dict[str, int]:
    """Ids by the names of the table: Maison Lumen's, its agency's, Autre's and its agency's."""
    found = kept(cast.client) | of_organisation("", client=cast.client) | of_organisation("agency_", agency=cast.agency)
    found |= of_organisation("foreign_", client=cast.other_client) | of_organisation("foreign_agency_", agency=cast.other_client.agency)
    with inside(cast.other_client):
        # Ids are counted in each client: this one stands for none of Maison Lumen.
        found["foreign_upload"] = Upload.objects.create(pk=found["upload"] + 1, **STORED).pk
    return found


def one_more(cast: Cast, ids: dict[str, int], number: int) -> None:
    """What Maison Lumen and its agency had one of, and what the first schedule, report and account had one of."""
    kept(cast.client)
    of_organisation("", str(number), client=cast.client)
    of_organisation("agency_", str(number), agency=cast.agency)
    run = Run.objects.get(pk=ids["run"])
    reader = run.schedule.recipients.create(email=f"dan{number}@lumen.example", language="en")
    run.deliveries.create(recipient=reader, language="en")
    with inside(cast.client):
        day = timezone.now().date() - timedelta(days=number)
        Pull.objects.create(connection_id=ids["connection"], family="ads", since=day, until=day, state=Pull.State.STORED)


def of_organisation(prefix: str, number: str = "", **owner: Any) -> dict[str, int]:
    """What an agency has as well as a client, and what only one of them has."""
    role = Role.ANALYST if "agency" in owner else Role.VIEWER
    expires, unique = timezone.now() + timedelta(days=1), f"{prefix}{number}"
    person = User.objects.create_user(f"{prefix}member{number}@people.example")
    found: dict[str, Any] = {"member": add_member(person, role, **owner)}
    waiting = {"role": role, "language": "en", "expires_at": expires, "email": f"{prefix}waiting{number}@people.example"}
    found["invitation"] = Invitation.objects.create(**waiting, **owner)
    token = {"name": "t", "scope": Scope.READ, "digest": unique, "ending": "last", "created_by": person, "expires_at": expires}
    found["credential"] = keep_credential("google_ads", {}, **owner)
    found["token"] = ApiToken.objects.create(**token, **owner)
    found["endpoint"] = Endpoint.objects.create(url="https://a.example", sealed=vault.seal({"secret": "s"}), **owner)
    if "agency" in owner:
        found["label"] = Label.objects.create(name=f"Retail{number}", **owner)
    else:
        found |= connected(owner["client"], person, prefix, number) | reported(owner["client"], number)
    return {f"{prefix}{name}": row.pk for name, row in found.items()}


def kept(client: Client) -> dict[str, int]:
    """What is in a client's own tables only."""
    asked = {"kpi": "leads", "since": MONDAY, "until": SUNDAY, "currency": "EUR", "asker": "x"}
    with inside(client):
        return {
            "upload": Upload.objects.create(**STORED).pk,
            "annotation": Annotation.objects.create(text="New shop.", since=MONDAY, until=MONDAY, author="x").pk,
            "question": Question.objects.create(**asked, text="Why?").pk,
            "note": Note.objects.create(kind=Note.Kind.DONE, period="2026-W46", text="Shopping is on.").pk,
        }


def reported(client: Client, number: str) -> dict[str, Any]:
    """A weekly report that is due, its copy that waits, a link to it, and an address that is spared."""
    schedule = scheduling.create_weekly(client, {"ana@lumen.example": "fr"})
    run = scheduling.open_run(schedule, "2026-W20")
    recipient = schedule.recipients.get()
    delivery = run.deliveries.create(recipient=recipient, language="fr")
    queue.enqueue(DELIVER, client_id=client.pk, key=str(delivery.pk), arguments={"delivery_id": delivery.pk})
    rows: dict[str, Any] = {"schedule": schedule, "run": run, "recipient": recipient, "delivery": delivery}
    rows["share_link"] = sharing.make(client, run, "en", Actor("owner"))
    spared = {"email": f"cem{number}@lumen.example", "reason": Suppression.Reason.COMPLAINT}
    return rows | {"suppression": Suppression.objects.create(client=client, **spared)}


def connected(client: Client, user: User, prefix: str, number: str) -> dict[str, Any]:
    """An account with a doubtful answer, and an attempt to connect another. Autre's have ids that Maison Lumen has none of."""
    attempt = attempts.begin(user, client, "google_ads", "http://localhost", for_agency=False).attempt
    day = timezone.now().date()
    with inside(client):
        numbers = {"pk": 900} if prefix else {}
        account = {
            "source": "google_ads",
            "account": f"{prefix}{number}",
            "name": f"Shop {prefix}{number}",
            "currency": "EUR",
            "timezone": "Europe/Paris",
            "credential_id": 1,
        }
        source = Connection.objects.create(**account, **numbers)
        pull = Pull.objects.create(connection=source, family="ads", since=day, until=day, state=Pull.State.SUSPECT, **numbers)
        rules = ChannelRules.objects.create(made_by="owner", **numbers)
        campaign = Campaign.objects.create(name=f"Brand {number}", key=f"brand {number}")
        alias = CampaignAlias.objects.create(kind=CampaignAlias.Kind.NAME, key=f"b{number}", campaign=campaign, **numbers)
        merge = PersonMerge.objects.create(kept=Person.objects.create(), dissolved=Person.objects.create(), **numbers)
    return {"attempt": attempt, "connection": source, "pull": pull, "rules": rules, "alias": alias, "merge": merge}


def addresses(ids: dict[str, int]) -> Iterator[tuple[str, str]]:
    """Names and addresses of the table that an owner who runs the server may look at, programs' left out."""
    for name, method, pattern, answers in URLS:
        may_look = answers[0] == 200 or pattern == "/operations/"
        if method == "GET" and may_look and not (pattern.startswith("/api/") and name != "api_docs"):
            yield name, pattern.format(**ids)
