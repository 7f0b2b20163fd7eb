"""The jobs alone bring the figures up to date, whatever the files say and in whatever order they come."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import permutations

import pytest

from accounts.audit import OPERATOR
from accounts.models import Client
from accounts.services import keep_credential
from campaigns import choices, connections, dirty, erasure
from campaigns.models import Campaign, Connection, DirtyDay, Person
from campaigns.origins import Rule
from campaigns.records import Deal, Lead, Origin
from campaigns.streams import execute
from jobs import worker
from jobs.models import Job
from kpis import query, recompute
from kpis.coverage import Coverage
from kpis.models import DataVersion, OrderDayTotal
from kpis.periods import Period
from kpis.query import By
from kpis.values import Reason, Value
from tests.campaigns.test_people import tell
from tests.conftest import LoadText

ADS = "date,source,account,campaign,channel,impressions,clicks,spend,conversions,conversion_value\n"
ORDERS = "order_id,ordered_at,amount\n"
DAY = Period(date(2026, 11, 9), date(2026, 11, 9))


def by_channel(slug: str) -> dict[str, str]:
    """The channels where a KPI is not zero."""
    answer = query.ask(DAY, By.CHANNEL)
    values = {group.key: group.values([slug], answer.coverage)[slug].value.decimal for group in answer.groups}
    return {channel: str(value) for channel, value in values.items() if value}


def test_a_campaign_that_only_moved_to_another_channel_takes_its_figures_with_it(lumen: Client, load_text: LoadText) -> None:
    load_text(lumen, "leads", "lead_id,created_at,campaign\nL1,2026-11-09T10:00:00,Brand\n")
    for channel in ("paid_search", "display"):
        load_text(lumen, "ads", ADS + f"2026-11-09,google_ads,1,Brand,{channel},1,1,5,,\n")
        worker.work_off(lumen.pk)
        assert (by_channel("spend"), by_channel("leads")) == ({channel: "5"}, {channel: "1"})
    assert not DirtyDay.objects.exists()


def test_of_a_changed_day_only_the_sums_that_differ_are_written(lumen: Client, load_text: LoadText) -> None:
    def sums() -> dict[str, tuple[str, int]]:
        rows = execute("SELECT name, one.ctid::text, clicks FROM kpis_adrollup AS one JOIN campaigns_campaign ON id = campaign_id")
        return {name: (place, clicks) for name, place, clicks in rows}

    found = []
    for clicks in ("Brand,paid_search,9,1", "Brand,paid_search,9,2"):
        rows = (f"2026-11-09,google_ads,1,{named},5,,\n" for named in (clicks, "Summer,display,9,7"))
        load_text(lumen, "ads", ADS + "".join(rows))
        worker.work_off(lumen.pk)
        found.append(sums())
    before, after = found
    assert (before["Brand"][1], after["Brand"][1]) == (1, 2)
    assert after["Summer"] == before["Summer"]
    recompute.rebuild_all(lumen)
    assert sums() == after


@pytest.mark.parametrize("order", list(permutations(("google", "meta", "leads"))), ids="-".join)
def test_leads_of_a_campaign_whose_platforms_disagree_have_no_channel_whichever_was_read_last(
    lumen: Client, load_text: LoadText, order: tuple[str, ...]
) -> None:
    files = {
        "google": ("ads", ADS + "2026-11-09,google_ads,1,Summer,paid_search,1,1,1,,\n"),
        "meta": ("ads", ADS + "2026-11-09,meta_ads,2,Summer,paid_social,1,1,1,,\n"),
        "leads": ("leads", "lead_id,created_at,campaign\nL1,2026-11-09T10:00:00,Summer\n"),
    }
    for name in order * 2:
        load_text(lumen, *files[name])
        worker.work_off(lumen.pk)
    assert Campaign.objects.get().channel == ""
    assert by_channel("leads") == {"unknown": "1"}


def test_large_amounts_add_up_and_keep_no_other_figure_waiting(lumen: Client, load_text: LoadText) -> None:
    """Twice the largest amount of one row is more than the largest number of one column of facts."""
    ads = [f"2026-11-09,google_ads,{account},Brand,paid_search,1,1,9000000000,,9000000000\n" for account in (1, 2)]
    load_text(lumen, "ads", ADS + "".join(ads))
    load_text(lumen, "orders", ORDERS + "O1,2026-11-09T10:00:00,9000000000\nO2,2026-11-09T11:00:00,9000000000\n")
    worker.work_off(lumen.pk)
    assert set(Job.objects.values_list("state", "error")) == {(Job.State.DONE, "")}
    assert (by_channel("spend"), by_channel("revenue")) == ({"paid_search": "18000000000"}, {"unknown": "18000000000"})


class TestDealsAsRevenue:
    """A deal of 7 by a lead of the second was won on the ninth, half an hour after midnight in Paris."""

    @pytest.fixture
    def won(self, lumen: Client) -> Client:
        credential = keep_credential("hubspot", {}, client=lumen)
        crm = Connection.objects.create(source="hubspot", account="1", currency="EUR", timezone="Europe/Paris", credential_id=credential.pk)
        created, won_at = datetime(2026, 11, 2, 12, tzinfo=UTC), datetime(2026, 11, 8, 23, 30, tzinfo=UTC)
        origin = Origin(source="google", medium="organic")
        tell(lumen, crm, "leads", Lead(day=created.date(), lead_id="L1", created_at=created, origin=origin))
        deal = Deal(day=created.date(), deal_id="D1", lead_id="L1", created_at=created, won_at=won_at, amount_nano=7 * 10**9)
        tell(lumen, crm, "deals", deal)
        worker.work_off(lumen.pk)
        assert by_channel("revenue") == {"organic_search": "7"}
        return lumen

    def test_a_deal_follows_its_lead_to_another_channel(self, won: Client) -> None:
        choices.set_rules(won, [Rule("affiliation", source="google")], "somebody")
        worker.work_off(won.pk)
        assert by_channel("revenue") == {"affiliation": "7"}

    def test_a_deal_whose_lead_is_erased_came_from_nowhere(self, won: Client) -> None:
        erasure.erase(won, Person.objects.get(keys__value="L1"), OPERATOR)
        worker.work_off(won.pk)
        assert by_channel("revenue") == {"unknown": "7"}

    def test_once_a_file_is_believed_nothing_of_the_deals_is_left(self, won: Client, load_text: LoadText) -> None:
        load_text(won, "orders", ORDERS + "O1,2026-11-08T10:00:00,5\nO2,2026-11-10T10:00:00,5\n")
        connections.choose_system(won, "revenue", "file", OPERATOR)
        worker.work_off(won.pk)
        assert by_channel("revenue") == {}


def test_after_an_update_figures_are_unknown_and_not_nothing_until_they_are_summed_again(lumen: Client, load_text: LoadText) -> None:
    load_text(lumen, "orders", "order_id,ordered_at,amount,channel\nO1,2026-11-10T10:00:00,100,email\n")
    worker.work_off()
    day = Period(date(2026, 11, 10), date(2026, 11, 10))
    assert query.ask(day, slugs=["revenue"]).total.values(["revenue"], Coverage.load())["revenue"].value.decimal == 100
    # As a migration leaves it whose new tables are empty.
    DataVersion.objects.update(layout=0)
    OrderDayTotal.objects.all().delete()
    dirty.mark("orders", [date(2026, 11, 10)])
    answer = query.ask(day, slugs=["revenue"])
    assert answer.total.values(["revenue"], answer.coverage)["revenue"].value == Value(None, Reason.NOT_YET_OBSERVED)
    recompute.catch_up(lumen)
    answer = query.ask(day, slugs=["revenue"])
    assert answer.total.values(["revenue"], answer.coverage)["revenue"].value.decimal == 100
