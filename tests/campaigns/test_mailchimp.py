"""The Mailchimp connector against the simulated accounts: every mailing's counters as they stand, and the lists day by day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from campaigns.connectors.base import Account
from campaigns.connectors.errors import LostAccess, UnexpectedAnswer
from campaigns.connectors.http import Http
from campaigns.connectors.mailchimp import KEY_REFUSED, Mailchimp
from campaigns.connectors.oauth import ANOTHER_ACCOUNT, exchange
from campaigns.records import AudienceDay, EmailSend, nano
from campaigns.simulators.business import ANCHOR, BUSINESSES, FERNHILL, MAISON_LUMEN, Ledger
from campaigns.simulators.mailchimp import MailchimpSimulator
from campaigns.simulators.server import Exchange, Fault, Simulator
from tests.campaigns.answering import answer
from tests.campaigns.conftest import NOW, Connect, Fetch, Held, stream_of
from tests.campaigns.contracts import Contract

SINCE, UNTIL = ANCHOR - timedelta(days=90), ANCHOR
YESTERDAY = ANCHOR - timedelta(days=1)


@pytest.fixture
def platform(simulator: Simulator) -> MailchimpSimulator:
    return simulator.platform(MailchimpSimulator)


def sends(ledger: Ledger, since: date = SINCE, until: date = UNTIL, as_of: date = ANCHOR) -> list[EmailSend]:
    """What the product must hold of mailings, written out independently of the connector."""
    return [
        EmailSend(
            day=send.sent_at.date(),
            send_id=send.id,
            sent_at=send.sent_at.astimezone(UTC),
            observed_at=NOW,
            campaign=send.title,
            subject=send.subject,
            list_name=send.list_name,
            sent=send.emails_sent,
            hard_bounces=send.hard_bounces,
            soft_bounces=send.soft_bounces,
            opens=send.opens,
            unique_opens=send.unique_opens,
            clicks=send.clicks,
            unique_clicks=send.unique_subscriber_clicks,
            unsubscribes=send.unsubscribes,
            spam_complaints=send.abuse_reports,
            revenue_nano=nano(send.revenue),
            currency=ledger.business.currency,
            basis="machine_opens",
        )
        for send in ledger.sends(since, until, as_of)
    ]


def audience(ledger: Ledger, since: date, until: date) -> list[AudienceDay]:
    names = {one.id: one.name for one in ledger.business.lists}
    return [
        AudienceDay(day=row.day, list_name=names[row.list_id], subscribers=row.members, joined=row.joined, left=row.left)
        for row in ledger.list_days(since, until, YESTERDAY)
    ]


def ordered(found: list[Any]) -> list[Any]:
    return sorted(found, key=repr)


# ------------------------------------------------------------------------------------------------------------ mailings
@pytest.mark.parametrize("slug", BUSINESSES)
def test_mailings_are_the_truth(simulator: Simulator, fetch: Fetch, slug: str) -> None:
    fetched = fetch("mailchimp", "email", SINCE, UNTIL, business=BUSINESSES[slug])
    assert ordered(fetched) == ordered(sends(simulator.ledgers[slug]))
    assert len(fetched) > 10


def test_later_pulls_see_the_counters_grow(simulator: Simulator, fetch: Fetch) -> None:
    before = fetch("mailchimp", "email", SINCE, UNTIL)
    later = ANCHOR + timedelta(days=20)
    simulator.as_of = lambda: later
    after = fetch("mailchimp", "email", SINCE, UNTIL)
    assert ordered(after) == ordered(sends(simulator.ledger, as_of=later))
    assert after != before


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("page_size", [1, 5])
def test_pages_and_their_order_change_nothing(
    simulator: Simulator, platform: MailchimpSimulator, fetch: Fetch, page_size: int, shuffled: bool
) -> None:
    platform.page_size, platform.shuffled = page_size, shuffled
    assert ordered(fetch("mailchimp", "email", SINCE, UNTIL)) == ordered(sends(simulator.ledger))


def test_a_mailing_counts_on_the_day_of_the_client(simulator: Simulator, fetch: Fetch) -> None:
    at = datetime(2026, 11, 18, 23, 30, tzinfo=UTC)
    simulator.faults += [answer({"reports": [report(send_time=at.isoformat())], "total_items": 1}, path="/reports")]
    [send] = fetch("mailchimp", "email", date(2026, 11, 19), date(2026, 11, 19))
    assert send.day == date(2026, 11, 19)


def test_what_is_not_reported_is_not_zero(simulator: Simulator, fetch: Fetch) -> None:
    simulator.faults += [answer({"reports": [report()], "total_items": 1}, path="/reports")]
    [send] = fetch("mailchimp", "email", SINCE, UNTIL)
    assert isinstance(send, EmailSend)
    assert (send.sent, send.opens, send.clicks, send.revenue_nano, send.currency) == (10, None, None, None, "")


def test_addresses_that_cannot_be_parsed_bounced(simulator: Simulator, fetch: Fetch) -> None:
    bounces = {"hard_bounces": 4, "soft_bounces": 2, "syntax_errors": 1}
    simulator.faults += [answer({"reports": [report(bounces=bounces)], "total_items": 1}, path="/reports")]
    [send] = fetch("mailchimp", "email", SINCE, UNTIL)
    assert isinstance(send, EmailSend)
    assert (send.hard_bounces, send.soft_bounces) == (4, 3)


# ------------------------------------------------------------------------------------------------------------- audience
@pytest.mark.parametrize("days", [3, 60, 175])
def test_lists_are_the_truth_day_by_day(simulator: Simulator, fetch: Fetch, days: int) -> None:
    since = YESTERDAY - timedelta(days=days - 1)
    fetched = fetch("mailchimp", "audience", since, YESTERDAY)
    assert ordered(fetched) == ordered(audience(simulator.ledger, since, YESTERDAY))
    assert len(fetched) == 2 * days


def test_a_window_never_reaches_before_what_mailchimp_remembers() -> None:
    stream = stream_of(Mailchimp, "audience")
    assert stream.backfill_days < 180


def test_a_day_without_anything_is_told(simulator: Simulator, fetch: Fetch) -> None:
    def day(ago: int, joined: int) -> dict[str, object]:
        return {"day": (ANCHOR - timedelta(days=ago)).isoformat(), "subs": joined}

    simulator.faults += [
        answer({"lists": [{"id": "a", "name": "One"}], "total_items": 1}, path="/lists?"),
        answer({"activity": [day(1, 2), day(3, 5)], "total_items": 2}, path="activity"),
        answer({"history": [{"month": "2026-10", "subscribed": 100}], "total_items": 1}, path="growth"),
    ]
    found = fetch("mailchimp", "audience", ANCHOR - timedelta(days=5), YESTERDAY)
    told = {record.day: (record.subscribers, record.joined) for record in found if isinstance(record, AudienceDay)}
    assert told == {ANCHOR - timedelta(days=3): (105, 5), ANCHOR - timedelta(days=2): (105, 0), YESTERDAY: (107, 2)}


def test_two_lists_of_one_name_are_told_apart(simulator: Simulator, fetch: Fetch) -> None:
    day = {"activity": [{"day": YESTERDAY.isoformat(), "subs": 1}], "total_items": 1}
    growth = {"history": [], "total_items": 0}
    twins = {"lists": [{"id": "a", "name": "News"}, {"id": "b", "name": "News"}], "total_items": 2}
    simulator.faults += [answer(twins, path="/lists?"), *[answer(day, path="activity"), answer(growth, path="growth")] * 2]
    found = fetch("mailchimp", "audience", YESTERDAY, YESTERDAY)
    assert [(record.list_name, record.subscribers) for record in found if isinstance(record, AudienceDay)] == [
        ("News (a)", None),
        ("News (b)", None),
    ]


# --------------------------------------------------------------------------------------------------------------- access
def test_a_consent_tells_its_account(simulator: Simulator, http: Http) -> None:
    found = Mailchimp.accounts(simulator.settings("mailchimp"), Held(simulator.secret("mailchimp", FERNHILL.slug)), http)
    assert found == [Account(FERNHILL.accounts.mailchimp, FERNHILL.name)]


def test_what_is_kept_of_a_consent_reads_the_account(simulator: Simulator, platform: MailchimpSimulator, fetch: Fetch, http: Http) -> None:
    settings = simulator.settings("mailchimp")
    code = platform.consent.code(MAISON_LUMEN.slug, {"redirect_uri": "http://localhost/"})
    secret = Mailchimp.secret_from(settings, exchange(settings, Mailchimp.consent, code, "http://localhost/", "", http), http)
    assert secret.keys() == {"access_token", "dc", "api_endpoint"}
    assert secret["dc"] == MAISON_LUMEN.accounts.mailchimp_centre
    # The host is the one that the consent named.
    assert fetch("mailchimp", "email", SINCE, UNTIL, secret=secret, settings={"base_url": ""}) == fetch("mailchimp", "email", SINCE, UNTIL)


def test_an_api_key_reads_its_account(platform: MailchimpSimulator, fetch: Fetch) -> None:
    key = platform.api_key(MAISON_LUMEN.slug)
    assert key.endswith(f"-{MAISON_LUMEN.accounts.mailchimp_centre}")
    assert fetch("mailchimp", "email", SINCE, UNTIL, secret={"api_key": key})


@pytest.mark.parametrize("key", ["abc", "abc-", "abc-us6.evil.example/", "abc-us6@evil", "-us", "abc-US6"])
def test_a_key_sends_us_nowhere_else(fetch: Fetch, exchanges: list[Exchange], key: str) -> None:
    with pytest.raises(LostAccess) as caught:
        fetch("mailchimp", "email", SINCE, UNTIL, secret={"api_key": key}, settings={"base_url": ""})
    assert str(caught.value) == KEY_REFUSED
    assert exchanges == []


def test_the_permission_of_another_account_fills_nothing(simulator: Simulator, fetch: Fetch) -> None:
    with pytest.raises(LostAccess) as caught:
        fetch("mailchimp", "email", SINCE, UNTIL, secret=simulator.secret("mailchimp", FERNHILL.slug))
    assert str(caught.value) == ANOTHER_ACCOUNT


# -------------------------------------------------------------------------------------------------- what is not allowed
def report(**changes: Any) -> dict[str, Any]:
    """A mailing that is right, but for the changes."""
    return {"id": "r1", "campaign_title": "One", "send_time": "2026-11-18T08:00:00+00:00", "emails_sent": 10} | changes


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": 5}, r"reports\[0\]\.id = 5"),
        ({"send_time": ""}, "send_time = ''"),
        ({"send_time": "2026-11-18T08:00:00"}, "send_time = .*no offset"),
        ({"send_time": "2026-01-18T08:00:00+00:00"}, "send_time = '2026-01-18'"),
        ({"emails_sent": -1}, "emails_sent = -1"),
        ({"emails_sent": 1.5}, r"reports\[0\]\.emails_sent = 1.5"),
        ({"opens": {"opens_total": "7"}}, r"reports\[0\]\.opens\.opens_total = '7'"),
        ({"bounces": []}, r"reports\[0\]\.bounces"),
        ({"ecommerce": {"total_revenue": -5.0, "currency_code": "EUR"}}, r"ecommerce\.total_revenue = -5.0"),
    ],
)
def test_a_mailing_that_cannot_be_right_is_named(simulator: Simulator, fetch: Fetch, changes: dict[str, Any], field: str) -> None:
    simulator.faults += [answer({"reports": [report(**changes)], "total_items": 1}, path="/reports")]
    with pytest.raises(UnexpectedAnswer, match=field):
        fetch("mailchimp", "email", SINCE, UNTIL)


def test_pages_that_overlap_are_unexpected(platform: MailchimpSimulator, fetch: Fetch) -> None:
    platform.page_size, platform.overlap = 5, 1
    with pytest.raises(UnexpectedAnswer, match="twice"):
        fetch("mailchimp", "email", SINCE, UNTIL)


def test_mailings_that_are_counted_and_do_not_come_are_unexpected(simulator: Simulator, fetch: Fetch) -> None:
    pages = [answer({"reports": [report()], "total_items": 3}, path="/reports"), answer({"reports": [], "total_items": 3}, path="/reports")]
    simulator.faults += pages
    with pytest.raises(UnexpectedAnswer, match="total_items = 3"):
        fetch("mailchimp", "email", SINCE, UNTIL)


@pytest.mark.parametrize(
    ("rows", "field"),
    [
        ([{"day": "18/11/2026"}], "activity.day = '18/11/2026'"),
        ([{"day": "2026-11-18", "subs": -2}], "activity.subs = -2"),
        ([{"day": "2026-11-18"}, {"day": "2026-11-18"}], "a day came twice"),
    ],
)
def test_a_day_that_cannot_be_right_is_named(simulator: Simulator, fetch: Fetch, rows: list[dict[str, Any]], field: str) -> None:
    simulator.faults += [answer({"activity": rows, "total_items": len(rows)}, path="activity")]
    with pytest.raises(UnexpectedAnswer, match=field):
        fetch("mailchimp", "audience", YESTERDAY - timedelta(days=5), YESTERDAY)


# --------------------------------------------------------------------------------------------------------- the contract
def test_requests_and_answers_keep_to_the_published_contract(
    shared: Path, platform: MailchimpSimulator, fetch: Fetch, exchanges: list[Exchange]
) -> None:
    contract = Contract(shared / "platforms" / "specs" / "mailchimp.json", "mailchimp")
    platform.page_size = 10
    fetch("mailchimp", "email", SINCE, UNTIL)
    fetch("mailchimp", "audience", YESTERDAY, YESTERDAY)
    asked = [exchange for exchange in exchanges if not exchange.url.partition("?")[0].endswith("/3.0/")]
    assert len(asked) > 5
    for one in asked:
        contract.check(one)


def test_the_published_sample_is_read(shared: Path, simulator: Simulator, connect: Connect) -> None:
    sample = (shared / "platforms" / "samples" / "mailchimp_reports.json").read_bytes()
    simulator.faults += [Fault(200, {"Content-Type": "application/json"}, sample, path="/reports")]
    connector = connect("mailchimp")
    [send] = connector.fetch(stream_of(connector, "email"), date(2026, 11, 18), date(2026, 11, 18))
    assert isinstance(send, EmailSend)
    assert (send.sent, send.hard_bounces, send.soft_bounces, send.opens, send.unique_opens) == (10_000, 40, 75, 5400, 3310)
    assert (send.clicks, send.unique_clicks, send.unsubscribes, send.spam_complaints) == (700, 471, 31, 2)
    assert (send.revenue_nano, send.currency, send.campaign, send.subject) == (980_500_000_000, "EUR", "Novembre promo", "-20 %")
