"""A client with everything a client can have, and a look at all of its figures."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.core.management import call_command
from django.db import connection, transaction

from accounts import invitations, services, tokens
from accounts.audit import Actor
from accounts.models import AuditEvent, Client, Role, Scope
from accounts.permissions import permissions_of
from accounts.services import add_member, keep_credential
from accounts.tenancy import inside
from campaigns.models import Connection
from campaigns.records import AdConversion, AdDay
from campaigns.spool import Spool
from campaigns.streams import Window
from campaigns.sync import store
from jobs.models import Job
from kpis import choices, recompute, serialise
from kpis.definitions import DEFINITIONS
from kpis.periods import Period
from kpis.query import By, ask
from reports import gather, preparing, scheduling
from reports.cadence import named
from reports.models import Delivery, Recipient, Run, Schedule
from tests import databases
from tests.conftest import Cast, LoadText, everyone, loader

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
WEEK = "2026-W46"
ADS = """date,source,account,campaign,channel,impressions,clicks,spend,conversions,conversion_value
2026-11-02,meta_ads,7,"=Brand, ""été"" ",paid_social,9000,280,410.123456789,11.5,2100.00
2026-11-10,meta_ads,7,"=Brand, ""été"" ",paid_social,10000,,0.000000001,,
2026-11-11,meta_ads,7,@Lamps,display,40000,90,9223372036.854775807,3.000001,410.00
"""
LEADS = """lead_id,created_at,channel,campaign,email,score,mql_at,value,landing_page
L1,2026-11-02T10:00:00,,"=Brand, ""été"" ",ana@leads.example,-4,2026-11-03T09:00:00.123456+05:00,12.5,/a?b=1
L2,2026-11-09T23:30:00,,@Lamps,,,,,
L3,2026-11-15T10:00:00,email,Newsletter,bob@leads.example,7,,,
"""
ORDERS = """order_id,ordered_at,amount,kind,channel,campaign,refund_of,margin,customer_id,product,tax
O1,2026-11-02T10:00:00,900,order,,"=Brand, ""été"" ",,-1.5,C1,"-1; drop",19.9
O2,2026-11-09T10:00:00,1250.40,order,,@Lamps,,,,,
R1,2026-11-15T10:00:00,50,refund,email,,O1,,,,
"""
CLIENT_ID = 987_654_321
CANARY = "canary-7f3a-refresh-token"


@dataclass(frozen=True)
class Filled:
    """Maison Trace with everything; `secrets` are texts that must not leave this installation."""

    client: Client
    secrets: list[str]


def pull_from_api(client: Client, credential_id: int) -> None:
    """What a pull of a platform stores: clicks of all kinds, conversions by action, a campaign that was renamed."""
    source = Connection.objects.create(
        source="google_ads", account="123", name="Lumen FR", currency="EUR", timezone="America/New_York", credential_id=credential_id
    )
    first = date(2026, 11, 2)
    with Spool() as spool:
        for offset in range(14):
            day = first + timedelta(days=offset)
            name = "Old name" if offset < 5 else "New\u202fname"
            spool.write(
                AdDay(day=day, campaign_id="c1", campaign=name, channel="paid_search", impressions=100 + offset, clicks=offset,
                      all_clicks=offset + 3, spend_nano=12_340_000_001 * (offset + 1))
            )  # fmt: skip
            spool.write(AdConversion(day=day, campaign_id="c1", action="", conversions_millionths=offset * 333_333, value_nano=offset))
            spool.write(AdConversion(day=day, campaign_id="c1", action="Purchase", conversions_millionths=1, value_nano=None))
        with transaction.atomic():
            store(client, source, spool, window=Window("ads", first, first + timedelta(days=13)))


def report_twice(client: Client) -> None:
    """Two schedules: one has sent last week's report, of the other a delivery waits, one was given up, one was under way."""
    for local in ("08:00", "09:00"):
        # Sent whatever is missing.
        times = {"local_time": local, "next_run_at": NOW + timedelta(days=900)}
        schedule = Schedule.objects.create(client=client, weekday=1, policy=Schedule.Policy.SEND, **times)
        for email, language in (("rcpt-one@trace.example", "fr"), ("rcpt-two@trace.example", "en"), ("rcpt-gone@trace.example", "en")):
            Recipient.objects.create(schedule=schedule, email=email, language=language)
        scheduling.open_run(schedule, WEEK)
    for run in Run.objects.all():
        preparing.prepare(client, run, transaction.atomic(), NOW)
    Job.objects.filter(kind=preparing.DELIVER).update(run_at=NOW + timedelta(days=900))
    Job.objects.filter(kind=scheduling.KIND).update(state=Job.State.DONE)
    sent, waiting = Run.objects.order_by("pk")
    Delivery.objects.filter(run=sent).update(state=Delivery.State.SENT, sent_at=NOW)
    Delivery.objects.filter(run=waiting, recipient__language="fr").update(state=Delivery.State.SENDING)
    Recipient.objects.filter(email="rcpt-gone@trace.example").update(unsubscribed_at=NOW)
    Run.objects.create(schedule=sent.schedule, period="2026-W47", since=date(2026, 11, 16), until=date(2026, 11, 22))


def client_of_its_own(cast: Cast) -> Client:
    """A client of agency Nord whose id, names and addresses are found nowhere by chance."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence('accounts_client', 'id'), %s, false)", [CLIENT_ID])
    zone = "Europe/Paris"
    return services.create_client("maison-trace", name="Maison Trace", currency="EUR", timezone=zone, language="fr", agency=cast.agency)


@dataclass(frozen=True)
class Stage:
    """A database in which Maison Trace is filled, what must not leave it, and the client's archive."""

    database: str
    secrets: list[str]
    archive: bytes


@pytest.fixture(scope="session")
def filled_stage(django_db_setup: None, template: str, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Filled once for this worker: a copy takes a tenth of the time."""
    name = databases.name_of_worker("filled")
    databases.copy(template, name)
    folder = tmp_path_factory.mktemp("filled")
    with django_db_blocker.unblock(), databases.used(name):
        secrets = fill(everyone(), loader(folder))
        call_command("export_client", "maison-trace", str(folder / "archive.zip"))
        AuditEvent.objects.filter(verb="client.exported").delete()
    yield Stage(name, secrets, (folder / "archive.zip").read_bytes())
    databases.drop(name)


@pytest.fixture(scope="session")
def restored_stage(filled_stage: Stage, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """That database, with the client's archive restored beside the client."""
    name = databases.name_of_worker("restored")
    databases.copy(filled_stage.database, name)
    path = tmp_path_factory.mktemp("restored") / "archive.zip"
    path.write_bytes(filled_stage.archive)
    with django_db_blocker.unblock(), databases.used(name):
        restored(path, agency="nord")
    yield name
    databases.drop(name)


@pytest.fixture
def stage(request: pytest.FixtureRequest, template: str) -> str:
    if "again" in request.fixturenames:
        return str(request.getfixturevalue("restored_stage"))
    if "filled" in request.fixturenames:
        found: Stage = request.getfixturevalue("filled_stage")
        return found.database
    return template


@pytest.fixture
def filled(own_database: str, filled_stage: Stage) -> Filled:
    """A client with everything, in this test's own database, its schema closed."""
    return Filled(Client.objects.get(pk=CLIENT_ID), filled_stage.secrets)


@pytest.fixture
def archive(filled_stage: Stage) -> dict[str, bytes]:
    """The files of that client's archive by their names."""
    return contents(io.BytesIO(filled_stage.archive))


@pytest.fixture
def again(filled: Filled) -> Client:
    """That client as its archive brought it back, beside itself."""
    return Client.objects.get(slug="again")


def fill(cast: Cast, load_text: LoadText) -> list[str]:
    """Make Maison Trace with everything; the texts that must not leave this installation."""
    client = client_of_its_own(cast)
    credential = keep_credential("google_ads", {"refresh_token": CANARY}, client=client)
    owner = Actor(cast.owner.email, cast.owner)
    _token, secret = tokens.make(client, name="Warehouse", scope=Scope.READ, days=30, by=owner)
    add_member(cast.viewer, Role.VIEWER, client=client)
    mine = permissions_of(frozenset({Role.ADMIN}), client)
    invitation = invitations.invite("invited@trace.example", Role.VIEWER, client, mine, owner, language="fr")
    with inside(client):
        for kind, text in (("ads", ADS), ("leads", LEADS), ("orders", ORDERS)):
            load_text(client, kind, text)
        pull_from_api(client, credential.pk)
        choices.choose(client, "margin", "0.35", date(2026, 11, 5), owner)
        choices.choose(client, "mql_rule", {"kind": "score", "at_least": 5}, None, owner)
        for months in (36, None):
            choices.choose(client, "lifetime_months", months, None, owner)
        recompute.catch_up(client)
        report_twice(client)
    links = list(Recipient.objects.values_list("token", flat=True))
    key = bytes(client.pseudonym_key).hex()
    sealed = bytes(credential.sealed).decode()
    return [CANARY, secret, tokens._digest(secret), sealed, invitation.nonce, key, *links]


def everything_of(client: Client, *, now: datetime = NOW) -> dict[str, Any]:
    """Every answer, by every grouping, of whole and ragged periods, and every report page; as plain data."""
    found: dict[str, Any] = {}
    with inside(client):
        for since, until in (
            ("2026-11-09", "2026-11-15"),
            ("2026-11-01", "2026-11-21"),
            ("2026-10-01", "2026-12-31"),
            ("2026-11-10", "2026-11-10"),
        ):
            for by in (None, *By):
                answer = ask(Period(date.fromisoformat(since), date.fromisoformat(until)), by)
                found[f"{since} {until} {by}"] = serialise.answer_data(client, answer, DEFINITIONS)
        for week in ("2026-W45", WEEK, "2026-W47"):
            found[week] = msgspec.json.decode(preparing.canonical(gather.report(client, named(week), now)))
    return found


def without_access(found: dict[str, Any]) -> dict[str, Any]:
    """Without what a restoration changes: the client's address, and that its accounts have to be connected again."""
    text = json.loads(json.dumps(found))
    for report in text.values():
        report.pop("client_slug", None)
        for source in report.get("sources", ()):
            source["lost_access"] = source["kind"] == "api"
    result: dict[str, Any] = text
    return result


Export = Callable[..., Path]


@pytest.fixture
def export(tmp_path: Path) -> Export:
    """A function that exports a client by the command and gives the file."""

    def by_command(slug: str = "maison-trace", *options: str) -> Path:
        path = tmp_path / f"{slug}.zip"
        call_command("export_client", slug, str(path), "--force", *options)
        return path

    return by_command


def restored(path: Path, slug: str = "again", **options: Any) -> Client:
    call_command("restore_client", str(path), slug=slug, **options)
    return Client.objects.get(slug=slug)


def contents(path: Path | io.BytesIO) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
