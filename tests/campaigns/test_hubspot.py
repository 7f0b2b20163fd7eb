"""The HubSpot connector against the simulated portal: people and deals as they stand, and what became of the others."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from campaigns.connectors.base import Account
from campaigns.connectors.errors import LostAccess, UnexpectedAnswer
from campaigns.connectors.http import Http
from campaigns.connectors.hubspot import HubSpot
from campaigns.connectors.oauth import ANOTHER_ACCOUNT
from campaigns.records import Deal, Gone, Lead, Origin, nano
from campaigns.simulators.business import ANCHOR, FERNHILL, OPENED, figures
from campaigns.simulators.hubspot import DEAL_STAGES, HubSpotSimulator
from campaigns.simulators.server import Exchange, Fault, Simulator
from tests.campaigns.answering import answer
from tests.campaigns.conftest import Fetch, Held, hash_email
from tests.campaigns.contracts import Contract

SINCE, UNTIL = ANCHOR - timedelta(days=30), ANCHOR
LONG_AGO = ANCHOR - timedelta(days=150)
OPENED_ON = ANCHOR - timedelta(days=OPENED)
GROUPS = {
    "paid_search": "PAID_SEARCH",
    "organic_search": "ORGANIC_SEARCH",
    "organic_social": "SOCIAL_MEDIA",
    "email": "EMAIL_MARKETING",
    "referral": "REFERRALS",
    "direct": "DIRECT_TRAFFIC",
}


@pytest.fixture
def platform(simulator: Simulator) -> HubSpotSimulator:
    return simulator.platform(HubSpotSimulator)


def origin(touch: figures.Touch) -> Origin:
    group = GROUPS.get(touch.channel, "OTHER_CAMPAIGNS")
    if group == "OTHER_CAMPAIGNS":
        return Origin(group=group, source=touch.source, medium=touch.medium, campaign=touch.campaign)
    if group in ("PAID_SEARCH", "EMAIL_MARKETING"):
        return Origin(group=group, campaign=touch.campaign)
    source = touch.source if group == "REFERRALS" else "" if group == "DIRECT_TRAFFIC" else touch.source.upper()
    return Origin(group=group, source=source)


def lead(contact: figures.Contact) -> Lead:
    """What the product must hold of a contact, written out independently of the connector."""
    reached = [at for stage, at in contact.history if stage != "subscriber"]
    created = reached[0] if contact.entered("subscriber") else contact.created_at
    return Lead(
        day=created.date(),
        lead_id=contact.id,
        created_at=created.astimezone(UTC),
        origin=origin(contact.touch),
        landing_page=contact.landing_page,
        score=contact.score,
        mql_at=utc(contact.entered("marketingqualifiedlead")),
        sql_at=utc(contact.entered("salesqualifiedlead")),
        won_at=utc(contact.entered("customer")),
        email_hash=hash_email(contact.email) if contact.email else "",
    )


def utc(at: datetime | None) -> datetime | None:
    return at.astimezone(UTC) if at else None


def changed(simulator: Simulator, since: date, until: date) -> list[figures.Contact]:
    """Contacts last changed on the days, or in the ten minutes before."""
    known = simulator.ledger.contacts(OPENED_ON, simulator.as_of(), simulator.as_of())
    return [contact for contact in known if since <= contact.modified_at.date() <= until and not contact.archived_at]


def leads(simulator: Simulator, since: date = SINCE, until: date = UNTIL) -> list[Lead]:
    return [lead(contact) for contact in changed(simulator, since, until) if any(stage != "subscriber" for stage, _ in contact.history)]


def by_id(records: list[Any]) -> list[Any]:
    return sorted(records, key=lambda record: getattr(record, "lead_id", "") or getattr(record, "deal_id", ""))


# -------------------------------------------------------------------------------------------------------------- leads
def test_what_is_fetched_is_the_truth(simulator: Simulator, fetch: Fetch) -> None:
    fetched = [record for record in fetch("hubspot", "leads", SINCE, UNTIL) if isinstance(record, Lead)]
    assert by_id(fetched) == by_id(leads(simulator))
    assert len(fetched) > 100
    assert {True, False} == {bool(record.won_at) for record in fetched}


def test_a_lead_is_read_again_when_it_moves(simulator: Simulator, fetch: Fetch) -> None:
    later = ANCHOR + timedelta(days=10)
    before = {record.lead_id: record for record in leads(simulator)}
    simulator.as_of = lambda: later
    moved = [record for record in fetch("hubspot", "leads", ANCHOR + timedelta(days=1), later) if isinstance(record, Lead)]
    assert by_id(moved) == by_id(leads(simulator, ANCHOR + timedelta(days=1), later))
    assert any(record.lead_id in before and before[record.lead_id] != record for record in moved)


def test_somebody_who_only_subscribed_is_no_lead(simulator: Simulator, fetch: Fetch) -> None:
    subscribers = {one.id for one in changed(simulator, SINCE, UNTIL) if {stage for stage, _ in one.history} == {"subscriber"}}
    assert subscribers
    assert not subscribers & {record.lead_id for record in fetch("hubspot", "leads", SINCE, UNTIL) if isinstance(record, Lead)}


def test_a_stage_that_was_taken_back_stays_reached(simulator: Simulator, fetch: Fetch) -> None:
    back = [one for one in changed(simulator, LONG_AGO, UNTIL) if one.stage == "lead" and one.entered("marketingqualifiedlead")]
    fetched = {record.lead_id: record for record in fetch("hubspot", "leads", LONG_AGO, UNTIL) if isinstance(record, Lead)}
    assert back
    assert all(fetched[one.id].mql_at == utc(one.entered("marketingqualifiedlead")) for one in back)


def test_a_merged_contact_says_whom_it_became(simulator: Simulator, fetch: Fetch) -> None:
    merged = {(old, one.id) for one in changed(simulator, LONG_AGO, UNTIL) for old in one.merged_ids}
    gone = [record for record in fetch("hubspot", "leads", LONG_AGO, UNTIL) if isinstance(record, Gone) and record.merged_into]
    assert {(record.external_id, record.merged_into) for record in gone} == merged
    assert len(merged) > 4
    assert {(record.kind, record.day) for record in gone} == {("lead", ANCHOR)}


def test_a_deleted_contact_is_gone(simulator: Simulator, fetch: Fetch) -> None:
    known = simulator.ledger.contacts(OPENED_ON, ANCHOR, ANCHOR)
    deleted = {one.id for one in known if one.archived_at and SINCE <= one.archived_at.date() <= UNTIL}
    fetched = fetch("hubspot", "leads", SINCE, UNTIL)
    assert {record.external_id for record in fetched if isinstance(record, Gone) and not record.merged_into} == deleted
    assert deleted
    assert not deleted & {record.lead_id for record in fetched if isinstance(record, Lead)}


def test_no_address_is_kept(simulator: Simulator, fetch: Fetch) -> None:
    assert "@" not in repr(fetch("hubspot", "leads", SINCE, UNTIL))


@pytest.mark.parametrize("page_size", [9, 200])
def test_pages_change_nothing(simulator: Simulator, platform: HubSpotSimulator, fetch: Fetch, page_size: int) -> None:
    platform.page_size, platform.shuffled = page_size, True
    since = UNTIL - timedelta(days=1)
    assert by_id([record for record in fetch("hubspot", "leads", since, UNTIL) if isinstance(record, Lead)]) == by_id(
        leads(simulator, since)
    )


def test_more_contacts_than_a_search_gives_are_all_read(simulator: Simulator, platform: HubSpotSimulator, fetch: Fetch) -> None:
    platform.search_limit = 250
    fetched = [record for record in fetch("hubspot", "leads", LONG_AGO, UNTIL) if isinstance(record, Lead)]
    assert by_id(fetched) == by_id(leads(simulator, LONG_AGO))
    assert len(fetched) > 500


# -------------------------------------------------------------------------------------------------------------- deals
def deal(told: figures.Deal) -> Deal:
    entered: dict[str, datetime] = {}
    for stage, at in told.history:
        entered[DEAL_STAGES[stage][0]] = at.astimezone(UTC)
    return Deal(
        day=told.created_at.date(),
        deal_id=told.id,
        lead_id=told.contact_id,
        name=told.name,
        created_at=told.created_at.astimezone(UTC),
        stage=DEAL_STAGES[told.stage][0],
        stages=entered,
        won_at=utc(told.closes_at) if told.stage == "closedwon" else None,
        lost_at=utc(told.closes_at) if told.stage == "closedlost" else None,
        amount_nano=nano(told.amount),
        currency=told.currency,
    )


@pytest.mark.parametrize("page_size", [13, 100])
def test_deals_are_the_truth(simulator: Simulator, platform: HubSpotSimulator, fetch: Fetch, page_size: int) -> None:
    platform.page_size = page_size
    fetched = fetch("hubspot", "deals", SINCE, UNTIL)
    truth = [deal(told) for told in simulator.ledger.deals(OPENED_ON, UNTIL, ANCHOR)]
    assert by_id(fetched) == by_id(truth)
    assert len({(record.won_at is None, record.lost_at is None) for record in truth}) == 3
    assert len({record.currency for record in truth}) > 1


def test_a_deal_in_a_stage_that_no_pipeline_has_any_more_keeps_what_is_known(simulator: Simulator, fetch: Fetch) -> None:
    properties = {"createdate": "2026-11-01T08:00:00Z", "dealstage": "77", "hs_is_closed_won": "true", "closedate": "2026-11-02T08:00:00Z"}
    one = {"id": "5", "createdAt": "2026-11-01T08:00:00Z", "updatedAt": "2026-11-01T08:00:00Z", "archived": False, "properties": properties}
    simulator.faults += [answer({"results": []}, path="pipelines"), answer({"results": [one]}, path="objects")]
    [kept] = fetch("hubspot", "deals", SINCE, UNTIL)
    assert isinstance(kept, Deal)
    assert kept.won_at == datetime(2026, 11, 2, 8, tzinfo=UTC)
    assert (kept.amount_nano, kept.currency, kept.lead_id, kept.lost_at) == (None, "EUR", "", None)


# ------------------------------------------------------------------------------------------------------------- access
def test_a_consent_tells_its_account(simulator: Simulator, http: Http) -> None:
    found = HubSpot.accounts(simulator.settings("hubspot"), Held(simulator.secret("hubspot", FERNHILL.slug)), http)
    assert [(account.external_id, account.currency, account.timezone) for account in found] == [("26004419", "GBP", "")]
    assert isinstance(found[0], Account)


def test_the_consent_of_another_portal_fills_nothing(simulator: Simulator, fetch: Fetch) -> None:
    with pytest.raises(LostAccess) as caught:
        fetch("hubspot", "leads", SINCE, UNTIL, secret=simulator.secret("hubspot", FERNHILL.slug))
    assert str(caught.value) == ANOTHER_ACCOUNT


def test_a_token_that_ends_after_half_an_hour_is_renewed_on_the_way(
    simulator: Simulator, platform: HubSpotSimulator, fetch: Fetch, exchanges: list[Exchange]
) -> None:
    platform.page_size = 120
    simulator.faults += [Fault(401, path="/search")]
    fetched = [record for record in fetch("hubspot", "leads", SINCE, UNTIL) if isinstance(record, Lead)]
    assert by_id(fetched) == by_id(leads(simulator))
    assert sum(exchange.url.endswith("/token") for exchange in exchanges) == 2


# ------------------------------------------------------------------------------------------------ what is not allowed
def contact(**changes: Any) -> dict[str, Any]:
    """A contact that is right, but for the changes to its properties or itself."""
    properties = {
        "createdate": "2026-11-19T09:00:00.000Z",
        "lastmodifieddate": "2026-11-19T09:00:00.000Z",
        "lifecyclestage": "lead",
        **{name: value for name, value in changes.items() if name not in ("id", "properties")},
    }
    told = {"id": "512", "createdAt": "2026-11-19T09:00:00Z", "updatedAt": "2026-11-19T09:00:00Z", "archived": False}
    return told | {"properties": properties} | {name: value for name, value in changes.items() if name in ("id", "properties")}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": 5}, r"results\[0\]\.id"),
        ({"id": "x"}, "id = 'x'"),
        ({"properties": None}, r"results\[0\]\.properties"),
        ({"email": 5}, r"results\[0\]\.properties"),
        ({"createdate": "yesterday"}, "createdate = 'yesterday'"),
        ({"createdate": "2026-11-19T09:00:00"}, "createdate = .*no offset"),
        ({"lastmodifieddate": "2026-09-19T09:00:00Z"}, "lastmodifieddate = .*asked for"),
        ({"lastmodifieddate": None}, "lastmodifieddate = 'None'"),
        ({"hs_lifecyclestage_customer_date": "1763560000000"}, "hs_lifecyclestage_customer_date"),
        ({"hubspotscore": "high"}, "hubspotscore = 'high'"),
    ],
)
def test_a_contact_that_cannot_be_right_is_named(simulator: Simulator, fetch: Fetch, changes: dict[str, Any], field: str) -> None:
    simulator.faults += [answer({"total": 1, "results": [contact(**changes)]}, path="/search")]
    with pytest.raises(UnexpectedAnswer, match=field):
        fetch("hubspot", "leads", SINCE, UNTIL)


def test_a_refused_answer_tells_nobodys_address(simulator: Simulator, fetch: Fetch) -> None:
    simulator.faults += [answer({"total": 1, "results": [contact(email="camille@courriel.example", score=7)]}, path="/search")]
    with pytest.raises(UnexpectedAnswer) as caught:
        fetch("hubspot", "leads", SINCE, UNTIL)
    assert "camille" not in str(caught.value)


def test_pages_that_overlap_are_unexpected(simulator: Simulator, platform: HubSpotSimulator, fetch: Fetch) -> None:
    simulator.faults += [answer({"total": 3, "results": [contact(id="7")]}, path="/search")] * 2
    with pytest.raises(UnexpectedAnswer, match="id = '7'"):
        fetch("hubspot", "leads", SINCE, UNTIL)
    platform.page_size, platform.overlap = 50, 2
    with pytest.raises(UnexpectedAnswer, match="twice"):
        fetch("hubspot", "deals", SINCE, UNTIL)


def test_contacts_that_are_counted_and_do_not_come_are_unexpected(simulator: Simulator, fetch: Fetch) -> None:
    simulator.faults += [answer({"total": 3, "results": [contact()]}, path="/search"), answer({"total": 2, "results": []}, path="/search")]
    with pytest.raises(UnexpectedAnswer, match="total = 2"):
        fetch("hubspot", "leads", SINCE, UNTIL)


# --------------------------------------------------------------------------------------------------------- the contract
def test_requests_and_answers_keep_to_the_published_contract(
    shared: Path, platform: HubSpotSimulator, fetch: Fetch, exchanges: list[Exchange]
) -> None:
    contract = Contract(shared / "platforms" / "specs" / "hubspot.json", "hubspot")
    platform.page_size = 100
    fetch("hubspot", "leads", SINCE, UNTIL)
    fetch("hubspot", "deals", SINCE, UNTIL)
    asked = [exchange for exchange in exchanges if "/crm/" in exchange.url]
    assert len(asked) > 10
    for exchange in asked:
        contract.check(exchange)


def test_the_published_sample_is_read(shared: Path, simulator: Simulator, fetch: Fetch) -> None:
    sample = (shared / "platforms" / "samples" / "hubspot_contacts_search.json").read_bytes()
    simulator.faults += [Fault(200, {"Content-Type": "application/json"}, sample, path="/search")]
    [one] = [record for record in fetch("hubspot", "leads", SINCE, UNTIL) if isinstance(record, Lead) and record.lead_id == "512"]
    assert one == Lead(
        day=date(2026, 10, 2),
        lead_id="512",
        created_at=datetime(2026, 10, 2, 9, 12, 44, 101_000, tzinfo=UTC),
        origin=Origin(group="PAID_SEARCH", campaign="Brand FR"),
        mql_at=datetime(2026, 10, 20, 8, tzinfo=UTC),
        sql_at=datetime(2026, 11, 19, 15, 40, 1, tzinfo=UTC),
        email_hash=hash_email("a@example.com"),
    )
