"""What is stored is what the platforms know: every row and every value, whenever they are asked and however they answer."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from accounts.models import Client
from campaigns.connectors import connector_for
from campaigns.connectors.base import Passing
from campaigns.models import AdDay, Connection, DirtyDay, LoadedSpan, Person, PersonKey, Pull
from campaigns.simulators.server import Simulator
from tests.campaigns.truth.companies import COMPANIES, ONE_DAY, OUTAGE, TODAY, Clock, Company, connect, evening, pull, since
from tests.campaigns.truth.ledgers import PLATFORMS, Truth
from tests.campaigns.truth.stored import differences, stored

# Every platform and every company in every run, every pair of them in the long one.
PAIRS = [
    pytest.param(company, source, id=f"{source}-{slug}", marks=[] if (number - place) % len(COMPANIES) == 0 else [pytest.mark.long])
    for place, (slug, company) in enumerate(COMPANIES.items())
    for number, source in enumerate(PLATFORMS)
]
every_platform = pytest.mark.parametrize("source", PLATFORMS)
# Pages so small that the lists of the young companies have some; of seventeen rows, where nothing else is said.
SMALL = {"google_analytics": 331}


def wrong(client: Client, account: Connection, simulator: Simulator, company: Company, *read_on: date) -> list[str]:
    """What of the account's tables is not as the ledger has it, and which days are wrongly taken for known."""
    truth = Truth(client, account, simulator.ledgers[company.business.slug], read_on)
    today = evening(read_on[-1]).astimezone(ZoneInfo(account.timezone)).date()
    known = [(since(account), today - ONE_DAY)]
    spans = {family: LoadedSpan.objects.filter(connection=account, family=family) for family in families(account)}
    gaps = [f"{family} is known of {told}" for family, told in spans.items() if list(told.values_list("since", "until")) != known]
    return differences(truth.told(), stored(account)) + gaps


def families(account: Connection) -> set[str]:
    return set(Pull.objects.filter(connection=account).values_list("family", flat=True))


def written(pulled: list[Pull]) -> list[int]:
    """Rows that were inserted, changed and deleted."""
    return [sum(getattr(each, done) for each in pulled) for done in ("inserted", "updated", "deleted")]


@pytest.mark.parametrize(("company", "source"), PAIRS)
def test_the_tables_are_the_ledger_day_after_day(client: Client, simulator: Simulator, clock: Clock, company: Company, source: str) -> None:
    """History comes in pieces; then a morning, a fortnight without any, and once more what has not changed."""
    for account in connect(client, simulator, source, company.business):
        read_on = [TODAY]
        clock.today = TODAY
        pulled = pull(client, account, clock.today)
        assert len(pulled) > len(families(account))
        assert wrong(client, account, simulator, company, *read_on) == []
        for days in (1, 14):
            clock.today += days * ONE_DAY
            read_on.append(clock.today)
            pulled = pull(client, account, clock.today)
            assert {each.state for each in pulled} == {Pull.State.STORED}
            inserted, changed, _deleted = written(pulled)
            assert inserted
            assert changed or source == "stripe"
            assert wrong(client, account, simulator, company, *read_on) == []
        DirtyDay.objects.all().delete()
        before = Person.objects.count(), PersonKey.objects.count()
        pulled = pull(client, account, clock.today)
        assert sum(each.rows for each in pulled)
        assert written(pulled) == [0, 0, 0]
        assert not DirtyDay.objects.exists()
        assert (Person.objects.count(), PersonKey.objects.count()) == before


def test_a_day_on_which_nothing_ran_is_known_to_be_empty(client: Client, simulator: Simulator, company: Company) -> None:
    [account] = connect(client, simulator, "google_ads", company.business)
    pull(client, account, TODAY)
    assert wrong(client, account, simulator, company, TODAY) == []
    assert not AdDay.objects.filter(day=TODAY - OUTAGE * ONE_DAY).exists()
    assert AdDay.objects.filter(day=TODAY - (OUTAGE + 1) * ONE_DAY).exists()


@every_platform
def test_small_pages_in_no_order_change_nothing(client: Client, simulator: Simulator, company: Company, source: str) -> None:
    [account] = connect(client, simulator, source, company.business)
    platform = simulator.platforms[source]
    platform.page_size, platform.shuffled = SMALL.get(source, 17), True
    pull(client, account, TODAY)
    assert wrong(client, account, simulator, company, TODAY) == []


@every_platform
def test_nothing_is_kept_of_rows_that_two_pages_share_and_the_next_sound_answer_is_the_truth(
    client: Client, simulator: Simulator, company: Company, source: str
) -> None:
    [account] = connect(client, simulator, source, company.business)
    platform = simulator.platforms[source]
    platform.page_size, platform.overlap = SMALL.get(source, 17), 3
    with suppress(Passing):
        pull(client, account, TODAY)
    kept = set(account.pulls.filter(state=Pull.State.STORED).values_list("family", flat=True))
    assert kept < {stream.family for stream in connector_for(source).streams}
    truth = Truth(client, account, simulator.ledgers[company.business.slug], [TODAY]).told()
    assert all("is missing" in difference for difference in differences(truth, stored(account), most=100_000))
    platform.page_size, platform.overlap = platform.largest_page, 0
    pull(client, account, TODAY)
    assert wrong(client, account, simulator, company, TODAY) == []
