"""A real browser on the real web server, with the data of a pulled account."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
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
    name = databases.name(f"{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_pulled")
    databases.copy(template, name)
    before = connection.settings_dict["NAME"]
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        databases.use(name)
        _pull(everyone().client, tmp_path_factory.mktemp("pulled"), patch)
        databases.use(before)
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


@pytest.fixture
def site(pulled: Cast, own_database: str, tmp_path: Path) -> Iterator[str]:
    """The address of granian serving this test's database."""
    with _serving(own_database, tmp_path) as address:
        yield address


@pytest.fixture
def new_site(cast: Cast, own_database: str, tmp_path: Path) -> Iterator[str]:
    """The same before any figures came."""
    with _serving(own_database, tmp_path) as address:
        yield address


@contextmanager
def _serving(own_database: str, tmp_path: Path) -> Iterator[str]:
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
        "config.wsgi:application",
    ]
    environment = os.environ | {"DATABASE_URL": own_database, "SITE_URL": address, "DJANGO_SETTINGS_MODULE": "config.settings"}
    with (tmp_path / "web.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, stdout=log, stderr=log)
    try:
        _wait_for(f"http://127.0.0.1:{port}/healthz", server)
        yield address
    finally:
        server.terminate()
        server.wait(10)


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except OSError:
            assert server.poll() is None, "the web server stopped"
            assert time.monotonic() < deadline, "the web server did not answer"
            time.sleep(0.1)
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
