"""The jobs alone bring the figures up to date, whatever the files say and in whatever order they come."""

from __future__ import annotations

from datetime import date
from itertools import permutations

import pytest

from accounts.models import Client
from campaigns.models import Campaign, DirtyDay
from jobs import worker
from jobs.models import Job
from kpis import query
from kpis.periods import Period
from kpis.query import By
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
