"""What the tests of connectors share: a running simulator, a grant in memory, and connectors made of both. And a file for imports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from campaigns.connectors import connector_for
from campaigns.connectors.base import Account, Connector
from campaigns.connectors.http import Http
from campaigns.connectors.oauth import Secret
from campaigns.records import Record
from campaigns.simulators.business import ANCHOR, MAISON_LUMEN, Business
from campaigns.simulators.server import Exchange, Simulator
from tests.campaigns.importing import Save

# Reading the certificates anew for every client would take most of the time of these tests.
TLS = httpx.create_ssl_context()
# The evening of the anchor: what the connectors take for now.
NOW = datetime(ANCHOR.year, ANCHOR.month, ANCHOR.day, 22, tzinfo=UTC)
Connect = Callable[..., Connector]
Fetch = Callable[..., list[Record]]


class Held:
    """A grant in memory that nobody else renews."""

    def __init__(self, secret: Secret) -> None:
        self.secret = secret
        self.renewals = 0

    def renewed(self, stale: Secret, renew: Callable[[Secret], Secret]) -> Secret:
        if self.secret == stale:
            self.secret = renew(stale)
            self.renewals += 1
        return self.secret


def hash_email(address: str) -> str:
    """A stand-in for the client's HMAC, in which an address can be told and not read."""
    return f"hash of {len(address)} {sum(address.encode())}"


def account_of(source: str, business: Business = MAISON_LUMEN) -> Account:
    """The business's account on a platform as it is connected: without days of its own it has those of the client."""
    ids = business.accounts
    if source == "google_ads":
        main = business.main_ad_account
        return Account(main.id, main.name, main.currency, main.zone)
    external_id = {
        "google_analytics": ids.google_analytics,
        "hubspot": ids.hubspot,
        "mailchimp": ids.mailchimp,
        "stripe": ids.stripe,
    }[source]
    return Account(external_id, business.name, business.currency, business.zone)


@pytest.fixture(scope="session")
def told_once() -> Iterator[Simulator]:
    """One server for all tests: the stories behind it take seconds to tell for the first time."""
    with Simulator(anchor=ANCHOR, as_of=lambda: ANCHOR, recorder=[]) as running:
        yield running


@pytest.fixture
def simulator(told_once: Simulator) -> Simulator:
    """The platforms as they are on the anchor, without what earlier tests did to them."""
    told_once.as_of = lambda: ANCHOR
    told_once.faults.clear()
    told_once.recorder = []
    told_once.platforms = {source: type(platform)(told_once.ledgers, platform.as_of) for source, platform in told_once.platforms.items()}
    return told_once


@pytest.fixture
def exchanges(simulator: Simulator) -> list[Exchange]:
    """What went over the wire, of a simulator that records."""
    assert simulator.recorder is not None
    return simulator.recorder


@pytest.fixture
def pauses() -> list[float]:
    """The seconds the plumbing waited, in order; nothing is really slept."""
    return []


@pytest.fixture
def read_timeout() -> float:
    """Seconds after which an answer is late."""
    return 30.0


@pytest.fixture
def http(pauses: list[float], read_timeout: float) -> Iterator[Http]:
    client = httpx.Client(verify=TLS, trust_env=False, timeout=httpx.Timeout(5.0, read=read_timeout))
    with Http(client, sleep=pauses.append, random=lambda: 0.0) as plumbing:
        yield plumbing


@pytest.fixture
def connect(simulator: Simulator, http: Http) -> Connect:
    """Makes Maison Lumen's connector to a platform; keywords change the account, the settings, the secret or the business."""

    def make(
        source: str,
        *,
        business: Business = MAISON_LUMEN,
        settings: dict[str, str] | None = None,
        secret: Secret | None = None,
        **changes: str,
    ) -> Connector:
        known = account_of(source, business)
        told = {name: getattr(known, name) for name in ("external_id", "name", "currency", "timezone", "manager_id")}
        ours = simulator.settings(source) | (settings or {})
        grant = Held(simulator.secret(source, business.slug) if secret is None else secret)
        return connector_for(source)(Account(**told | changes), ours, grant, http, hash_email, clock=lambda: NOW)

    return make


def stream_of(connector: type[Connector] | Connector, family: str) -> Any:
    return next(stream for stream in connector.streams if stream.family == family)


@pytest.fixture
def fetch(connect: Connect) -> Fetch:
    """What a connector yields of one family for some days."""

    def fetched(source: str, family: str, since: date, until: date, **changes: Any) -> list[Record]:
        connector = connect(source, **changes)
        return list(connector.fetch(stream_of(connector, family), since, until))

    return fetched


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """A function that writes a file of the given text and encoding."""

    def write(text: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / "export.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write
