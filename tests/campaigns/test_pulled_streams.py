"""A platform that tells several families of facts: each is read for itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import Client
from accounts.services import keep_credential
from campaigns import pulls
from campaigns.connectors.base import Passing
from campaigns.models import Connection, Deal, Lead, Pull
from campaigns.simulators.hubspot import HubSpotSimulator
from campaigns.simulators.server import Fault, Simulator

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 16)
YESTERDAY = TODAY - timedelta(days=1)
NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)
DEALS, CONTACTS = "/deals", "/contacts/search"


@pytest.fixture
def simulator(settings: Any) -> Iterator[Simulator]:
    with Simulator(anchor=TODAY, as_of=lambda: TODAY) as running:
        settings.PLATFORMS = {"hubspot": running.settings("hubspot")}
        yield running


@pytest.fixture
def source(lumen: Client, simulator: Simulator) -> Connection:
    """Files tell all but the newest 40 days."""
    secret = simulator.secret("hubspot")
    return Connection.objects.create(
        source="hubspot",
        account=simulator.ledger.business.accounts.hubspot,
        currency="EUR",
        timezone="Europe/Paris",
        credential_id=keep_credential("hubspot", secret, client=lumen).pk,
        files_until=YESTERDAY - timedelta(days=40),
    )


def pull(client: Client, source: Connection) -> bool:
    asked_at = timezone.now() + timedelta(days=1)
    return pulls.pull(client, source, transaction.atomic, asked_at=asked_at, now=NOON, seconds=600)


def states(source: Connection) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for family, state in source.pulls.values_list("family", "state"):
        found.setdefault(family, set()).add(state)
    return found


def test_each_family_is_stored_and_today_is_read_but_not_taken_for_whole(lumen: Client, source: Connection) -> None:
    pull(lumen, source)
    assert Lead.objects.exists()
    assert Deal.objects.exists()
    assert max(source.pulls.values_list("until", flat=True)) == TODAY
    assert set(source.loaded_spans.values_list("family", "since", "until")) == {
        (family, YESTERDAY - timedelta(days=39), YESTERDAY) for family in ("leads", "deals")
    }


def test_an_answer_about_deals_that_cannot_be_read_loses_no_leads(lumen: Client, source: Connection, simulator: Simulator) -> None:
    simulator.faults.append(Fault(body=b'{"results": [{', path=DEALS))
    pull(lumen, source)
    source.refresh_from_db()
    assert states(source) == {"leads": {Pull.State.STORED}, "deals": {Pull.State.FAILED}}
    assert Lead.objects.exists()
    assert source.state == Connection.State.SUSPECT
    pull(lumen, source)
    source.refresh_from_db()
    assert Deal.objects.exists()
    assert (source.state, source.problem) == (Connection.State.ACTIVE, "")


def test_one_family_that_does_not_answer_is_tried_again_after_the_others_were_read(
    lumen: Client, source: Connection, simulator: Simulator
) -> None:
    simulator.faults.append(Fault(status=503, headers={"Retry-After": "900"}, path=CONTACTS))
    with pytest.raises(Passing) as waiting:
        pull(lumen, source)
    assert waiting.value.retry_after == 900
    assert states(source) == {"deals": {Pull.State.STORED}}
    pull(lumen, source)
    assert Lead.objects.exists()


def test_a_permission_that_reaches_no_deals_says_so_and_goes_on_with_leads(lumen: Client, source: Connection, simulator: Simulator) -> None:
    simulator.faults.append(Fault(status=403, body=b'{"status": "error", "category": "MISSING_SCOPES"}', path=DEALS))
    assert not pull(lumen, source)
    source.refresh_from_db()
    assert source.state == Connection.State.LOST_ACCESS
    assert "reconnect" in source.problem.lower()
    assert Lead.objects.exists()


def test_a_consent_that_was_withdrawn_stops_every_family(lumen: Client, source: Connection, simulator: Simulator) -> None:
    simulator.platform(HubSpotSimulator).revoke()
    with pytest.raises(pulls.Refused, match="reconnect"):
        pull(lumen, source)
    assert states(source) == {"leads": {Pull.State.LOST}, "deals": {Pull.State.LOST}}
