"""A real browser on the real web server, with the data of a pulled account."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Browser, Page

from accounts.models import Client
from accounts.services import keep_credential
from accounts.tenancy import inside
from campaigns import imports, pulls
from campaigns.imports.kinds import KINDS
from campaigns.models import Connection
from campaigns.simulators.google_ads import CUSTOMER
from campaigns.simulators.server import Simulator
from jobs import worker
from reports.demo import story
from tests import databases
from tests.conftest import Cast, everyone


@pytest.fixture(scope="session")
def pulled_stage(django_db_setup: None, template: str, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database in which Maison Lumen's account was pulled and its files imported, made once for this worker."""
    name = databases.name_of_worker("pulled")
    databases.copy(template, name)
    with django_db_blocker.unblock(), databases.used(name), pytest.MonkeyPatch.context() as patch:
        _pull(everyone().client, tmp_path_factory.mktemp("pulled"), patch)
    yield name
    databases.drop(name)


def _pull(client: Client, folder: Path, patch: pytest.MonkeyPatch) -> None:
    with Simulator() as simulator, inside(client):
        patch.setattr(settings, "PLATFORMS", {"google_ads": simulator.settings("google_ads")})
        credential = keep_credential("google_ads", simulator.secret("google_ads"), client=client)
        source = Connection.objects.create(
            source="google_ads", account=CUSTOMER, name="Maison Lumen", currency="EUR", timezone="Europe/Paris", credential_id=credential.pk
        )
        yesterday = timezone.now().astimezone(client.zone).date() - timedelta(days=1)
        since = yesterday - timedelta(days=179)
        for kind, rows in (("leads", simulator.ledger.leads(since, yesterday)), ("orders", simulator.ledger.orders(since, yesterday))):
            imports.load(client, KINDS[kind], story.write_csv(folder / f"{kind}.csv", rows))
        pulls.schedule(client, source)
        worker.work_off()


@pytest.fixture
def stage(request: pytest.FixtureRequest, template: str) -> str:
    if "pulled" in request.fixturenames:
        found: str = request.getfixturevalue("pulled_stage")
        return found
    return template


@pytest.fixture
def pulled(cast: Cast, own_database: str) -> Cast:
    """Maison Lumen after its first pull and imports."""
    return cast


@pytest.fixture(scope="session")
def own_site_name() -> str:
    """A database that one web server goes on serving while tests put theirs in its place."""
    return databases.name_of_worker("site")


@pytest.fixture
def own_name(request: pytest.FixtureRequest, own_name: str, own_site_name: str) -> str:
    return own_site_name if {"site", "new_site"} & set(request.fixturenames) else own_name


@pytest.fixture(scope="session")
def served(own_site_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of granian, which takes seconds to start."""
    with serving(databases.url(own_site_name), tmp_path_factory.mktemp("site")) as address:
        yield address


@pytest.fixture
def site(pulled: Cast, served: str) -> str:
    """The address of a web server on this test's database."""
    return served


@pytest.fixture
def new_site(cast: Cast, own_database: str, served: str) -> str:
    """The same before any figures came."""
    return served


@contextmanager
def serving(database: str, folder: Path) -> Iterator[str]:
    """A web server of this process's environment on a database; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://localhost:{port}"
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "tests.e2e.wsgi:application",
    ]
    environment = os.environ | {"DATABASE_URL": database, "SITE_URL": address, "DJANGO_SETTINGS_MODULE": "config.settings"}
    with (folder / "web.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, stdout=log, stderr=log)
    try:
        _wait_for(f"http://127.0.0.1:{port}/healthz", server)
        yield address
    finally:
        server.terminate()
        server.wait(10)


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    """Until it answers, be it that there is no database yet."""
    deadline = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except urllib.error.HTTPError as answer:
            answer.close()
            return
        except OSError:
            assert server.poll() is None, "the web server stopped"
            assert time.monotonic() < deadline, "the web server did not answer"
            time.sleep(0.05)
        else:
            return


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A fresh browser window; an error of a script or a refused resource fails the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.set_default_timeout(15_000)
    window = context.new_page()
    problems: list[Any] = []
    window.on("pageerror", lambda error: problems.append(str(error)))
    window.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    yield window
    context.close()
    assert problems == []
