"""The cast and the stage: who is in every test, and which database it plays on."""

from __future__ import annotations

import itertools
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client as Browser
from django.utils import timezone

from accounts.models import Agency, Client, Role, User
from accounts.services import add_member, create_client
from accounts.sign_in.sessions import NOTED
from accounts.tenancy import inside
from campaigns.imports import load
from campaigns.imports.kinds import KINDS
from jobs.models import Heartbeat
from tests import databases, passwords
from tests.browser import chromium
from tests.mail_server import mail_server

__all__ = ["chromium", "mail_server", "passwords"]

SHARED = Path(__file__).resolve().parents[2] / "shared"
PASSWORD = "a long enough password"
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
# Tests of minutes come first: at the end one worker would wait for the other.
LONGEST = ("test_commands.py", "test_accessibility.py", "test_storm.py")
# Imports a file of a kind and a text into a client whose schema is open.
LoadText = Callable[[Client, str, str], object]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in LONGEST)


@dataclass(frozen=True)
class Cast:
    """Agency Nord serves Maison Lumen; its owner, its assigned analyst, a viewer in the company. A stranger at Sud sees Autre."""

    agency: Agency
    client: Client
    owner: User
    analyst: User
    viewer: User
    stranger: User
    other_client: Client


def _set_the_stage() -> None:
    nord = Agency.objects.create(slug="nord", name="Agence Nord", reply_to="bonjour@nord.example")
    sud = Agency.objects.create(slug="sud", name="Agence Sud", host="reports.sud.example")
    common: dict[str, Any] = {"currency": "EUR", "timezone": "Europe/Paris"}
    lumen = create_client("lumen", name="Maison Lumen", agency=nord, language="fr", **common)
    autre = create_client("autre", name="Autre", agency=sud, **common)
    people = {name: User.objects.create_user(f"{name}@people.example", PASSWORD) for name in ("owner", "analyst", "viewer", "stranger")}
    add_member(people["owner"], Role.OWNER, agency=nord)
    add_member(people["analyst"], Role.ANALYST, agency=nord, client=lumen)
    add_member(people["viewer"], Role.VIEWER, client=lumen)
    add_member(people["stranger"], Role.OWNER, agency=sud)
    # At work until the end of every run of tests.
    tomorrow = timezone.now() + timedelta(days=1)
    Heartbeat.objects.create(kind=Heartbeat.Kind.BEAT, name="gen1@here", seen_at=tomorrow)
    Heartbeat.objects.create(kind=Heartbeat.Kind.WORKER, name="worker@here", queues=["tick", "work", "pulls"], seen_at=tomorrow)
    assert autre.schema_name != lumen.schema_name


@pytest.fixture(scope="session")
def template(django_db_blocker: Any) -> str:
    """The name of a database with every table and the cast, made once per run."""
    name = databases.name("template")
    with django_db_blocker.unblock(), databases.server() as session:
        session.execute("SELECT pg_advisory_lock(4711)")
        if not session.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            building = databases.name("building")
            session.execute(f'DROP DATABASE IF EXISTS "{building}" WITH (FORCE)')
            session.execute(f'CREATE DATABASE "{building}"')
            databases.use(building)
            call_command("migrate", verbosity=0)
            _set_the_stage()
            databases.use("postgres")
            session.execute(f'ALTER DATABASE "{building}" RENAME TO "{name}"')
        session.execute("SELECT pg_advisory_unlock(4711)")
    return name


@pytest.fixture(scope="session")
def django_db_setup(template: str, django_db_blocker: Any) -> Iterator[None]:
    """A copy of the template for this worker; tests marked `django_db` run on it in a transaction that is rolled back."""
    name = databases.name_of_worker("rolled_back")
    databases.copy(template, name)
    with django_db_blocker.unblock():
        databases.use(name)
    yield
    with django_db_blocker.unblock():
        databases.use("postgres")
    databases.drop(name)


_numbers = itertools.count()


@pytest.fixture
def stage(template: str) -> str:
    """The database that a test's own begins as; a folder of tests may put another in its place."""
    return template


@pytest.fixture
def own_name() -> str:
    """What the database of a test's own is called."""
    return databases.name_of_worker(str(next(_numbers)))


@pytest.fixture
def own_database(django_db_setup: None, stage: str, own_name: str, django_db_blocker: Any) -> Iterator[str]:
    """A database of the test's own, where commits are real and other processes may join in; its address."""
    databases.copy(stage, own_name)
    with django_db_blocker.unblock(), databases.used(own_name):
        yield databases.url(own_name)
    databases.drop(own_name)


@pytest.fixture
def cast(request: pytest.FixtureRequest) -> Cast:
    """Everyone, from the database of this test."""
    request.getfixturevalue("own_database" if "own_database" in request.fixturenames else "db")
    return everyone()


def everyone() -> Cast:
    users = {user.email.split("@")[0]: user for user in User.objects.all()}
    return Cast(
        agency=Agency.objects.get(slug="nord"),
        client=Client.objects.select_related("agency").get(slug="lumen"),
        other_client=Client.objects.get(slug="autre"),
        owner=users["owner"],
        analyst=users["analyst"],
        viewer=users["viewer"],
        stranger=users["stranger"],
    )


@pytest.fixture
def lumen(cast: Cast) -> Iterator[Client]:
    """The client company, with its schema open."""
    with inside(cast.client):
        yield cast.client


@pytest.fixture
def load_text(tmp_path: Path) -> LoadText:
    """A function that imports a file of the given text; threads may call it at once."""

    return loader(tmp_path)


def loader(folder: Path) -> LoadText:
    def load_file(client: Client, kind: str, text: str) -> object:
        path = folder / f"{next(_numbers)}.csv"
        path.write_text(text)
        return load(client, KINDS[kind], path)

    return load_file


@pytest.fixture
def signed_in() -> Any:
    """A function that gives a person's browser, as it is after the first page, with which a session is noted."""

    def browser(user: User) -> Browser:
        client = Browser(SERVER_NAME="localhost")
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        session = client.session
        session[NOTED] = time.time()
        session.save()
        return client

    return browser


@pytest.fixture
def shared() -> Path:
    """Public data sets and platform contracts that are not part of the repository."""
    if not SHARED.is_dir():
        pytest.skip(f"public data and platform contracts are not at {SHARED}")
    return SHARED


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections leave this machine in no test."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6} and address[0] not in LOOPBACK:
            raise RuntimeError(f"a test tried to reach {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
