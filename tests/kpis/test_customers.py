"""Who is a customer since when and thanks to what, and what follows once facts change or people turn out to be one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

import pytest
from django.core.management import call_command

from accounts.audit import OPERATOR
from accounts.models import Client
from accounts.services import keep_credential
from campaigns import choices as campaign_choices
from campaigns import erasure, people, undoing
from campaigns.models import Connection, Person, PersonMerge, Upload
from campaigns.origins import Rule
from campaigns.records import Deal, Gone, Lead, Order, Origin, Touch
from campaigns.streams import execute
from kpis import choices, query, recompute
from kpis.customers import cohorts
from kpis.models import CohortMonth, CustomerState
from kpis.periods import Period
from kpis.query import By, Only
from kpis.values import Reason
from tests.campaigns.test_people import tell
from tests.conftest import LoadText

ORDERS = "order_id,customer_id,ordered_at,amount,kind,refund_of,currency,channel,campaign\n"
TABLES = (
    "kpis_customerstate", "kpis_customerday", "kpis_customerspan", "kpis_cohortmonth", "kpis_acquiredrollup", "kpis_acquireddaytotal",
)  # fmt: skip
NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 20))
ANA, BOB = "a" * 64, "b" * 64


def values(period: Period, *slugs: str, only: Only | None = None) -> dict[str, Any]:
    answer = query.ask(period, slugs=slugs, only=only)
    found = {slug: compared.value for slug, compared in answer.total.values(slugs, answer.coverage).items()}
    return {slug: value.reason if value.exact is None else value.exact for slug, value in found.items()}


def groups(period: Period, by: By, slug: str) -> dict[str, Fraction]:
    """The groups where a KPI is not zero."""
    answer = query.ask(period, by, slugs=[slug])
    found = {group.key: group.values([slug], answer.coverage)[slug].value.exact for group in answer.groups}
    return {key: value for key, value in found.items() if value}


def bases() -> dict[str, tuple[str, str]]:
    """Channel and basis by a name of each customer."""
    return {
        name: (channel, basis)
        for name, channel, basis in execute(
            """SELECT min(key.value), state.channel, state.basis FROM kpis_customerstate AS state
               JOIN campaigns_personkey AS key USING (person_id) WHERE key.kind <> 'email' GROUP BY state.person_id, 2, 3"""
        )
    }


def kept() -> dict[str, list[str]]:
    return {table: sorted(row for (row,) in execute(f"SELECT kept::text FROM {table} AS kept")) for table in TABLES}


def caught_up(client: Client) -> None:
    """Mended, and the same as made anew."""
    recompute.catch_up(client)
    mended = kept()
    recompute.rebuild_all(client)
    assert mended == kept()


@pytest.fixture
def crm(lumen: Client) -> Connection:
    credential = keep_credential("hubspot", {}, client=lumen)
    return Connection.objects.create(source="hubspot", account="1", currency="EUR", timezone="Europe/Paris", credential_id=credential.pk)


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def test_a_customer_counts_once_from_the_first_order_on_and_refunds_take_revenue_back(lumen: Client, load_text: LoadText) -> None:
    load_text(
        lumen, "orders",
        ORDERS + "O1,C1,2026-11-02T10:00:00,100,,,,email,News\nO2,C1,2026-11-09T10:00:00,50,,,,direct,\n"
        "R1,C1,2026-11-10T10:00:00,30,refund,O1,,,\nR2,C1,2026-11-10T11:00:00,5,refund,O2,,,\n"
        "O3,C2,2026-11-09T10:00:00,7,,,,direct,\nO4,,2026-11-09T10:00:00,1000,,,,direct,\n",
    )  # fmt: skip
    caught_up(lumen)
    week = Period(date(2026, 11, 9), date(2026, 11, 15))
    slugs = ("new_customers", "customers", "arpa", "repeat_revenue", "repeat_revenue_share", "revenue")
    assert values(week, *slugs) == {
        "new_customers": 1, "customers": 2, "arpa": Fraction(22, 2), "repeat_revenue": 15, "repeat_revenue_share": Fraction(15, 22),
        "revenue": 1022,
    }  # fmt: skip
    # The order of the ninth came directly, but the customer came by the newsletter.
    assert groups(week, By.CHANNEL, "repeat_revenue") == {"email": 15}
    assert groups(week, By.CHANNEL, "customers") == {"email": 1, "direct": 1}
    assert groups(week, By.CAMPAIGN, "arpa_by_acquisition") == {"News": 15, "": 7}
    assert values(week, "customers", only=Only(channels=("email",))) == {"customers": 1}
    # What is given back of a first order takes nothing from those that followed.
    choices.choose(lumen, "repeat_revenue", "non_first", None, OPERATOR)
    assert values(week, "repeat_revenue") == {"repeat_revenue": 45}
    choices.choose(lumen, "repeat_revenue", "lifetime", None, OPERATOR)
    assert values(NOVEMBER, "repeat_revenue") == {"repeat_revenue": 115}


def test_a_first_order_that_is_taken_back_leaves_the_second_the_first(lumen: Client, load_text: LoadText) -> None:
    load_text(lumen, "orders", ORDERS + "O2,C1,2026-11-09T10:00:00,50,,,,direct,\n")
    load_text(lumen, "orders", ORDERS + "O1,C1,2026-10-02T10:00:00,100,,,,email,\n")
    caught_up(lumen)
    assert bases() == {"C1": ("email", "order")}
    assert values(NOVEMBER, "new_customers", "repeat_revenue") == {"new_customers": 0, "repeat_revenue": 50}
    undoing.undo(lumen, Upload.objects.latest("pk"))
    caught_up(lumen)
    assert bases() == {"C1": ("direct", "order")}
    assert values(NOVEMBER, "new_customers", "repeat_revenue") == {"new_customers": 1, "repeat_revenue": 0}
    undoing.undo(lumen, Upload.objects.earliest("pk"))
    caught_up(lumen)
    assert not CustomerState.objects.exists()
    assert not CohortMonth.objects.exists()


def test_orders_around_midnight_belong_to_the_day_of_the_clients_zone(lumen: Client, load_text: LoadText) -> None:
    """In Paris the clocks went back on the 25th of October: 22:30 in Greenwich was half past midnight before, half past eleven after."""
    load_text(
        lumen, "orders",
        ORDERS + "O1,C1,2026-10-24T22:30:00Z,1,,,,,\nO2,C2,2026-10-25T22:30:00Z,1,,,,,\nO3,C3,2026-10-25T23:30:00Z,1,,,,,\n",
    )  # fmt: skip
    caught_up(lumen)
    assert list(CustomerState.objects.order_by("person_id").values_list("acquired_day", flat=True)) == [
        date(2026, 10, 25), date(2026, 10, 25), date(2026, 10, 26),
    ]  # fmt: skip


class TestAcquisition:
    """Somebody orders on the ninth at noon, after two touches, and is a lead who said where from."""

    @pytest.fixture
    def bought(self, lumen: Client, crm: Connection) -> Connection:
        def touch(name: str, when: datetime, channel: str) -> Touch:
            return Touch(day=when.date(), touch_id=name, at=when, lead_id="L1", origin=Origin(channel=channel))

        lead = Lead(day=date(2026, 11, 3), lead_id="L1", created_at=at(3), email_hash=ANA, origin=Origin(channel="referral"))
        tell(lumen, crm, "leads", lead)
        tell(lumen, crm, "touches", touch("T1", at(5), "display"), touch("T2", at(6), "video"), touch("T3", at(9, 13), "affiliation"))
        deal = Deal(day=date(2026, 11, 4), deal_id="D1", lead_id="L1", created_at=at(4), won_at=at(9), amount_nano=7 * 10**9)
        tell(lumen, crm, "deals", deal)
        caught_up(lumen)
        return crm

    def test_the_earliest_touch_before_the_first_deal_gets_the_credit_then_the_lead(self, lumen: Client, bought: Connection) -> None:
        assert bases() == {"L1": ("display", "touch")}
        assert groups(NOVEMBER, By.CHANNEL, "new_customers") == {"display": 1}
        for gone, left in (("T1", ("video", "touch")), ("T2", ("referral", "lead")), ("T3", ("referral", "lead"))):
            tell(lumen, bought, "touches", Gone(day=date(2026, 11, 12), kind="touch", external_id=gone))
            caught_up(lumen)
            assert bases() == {"L1": left}
        tell(lumen, bought, "leads", Gone(day=date(2026, 11, 12), kind="lead", external_id="L1"))
        caught_up(lumen)
        assert bases() == {"L1": ("unknown", "nothing")}
        tell(lumen, bought, "deals", Gone(day=date(2026, 11, 12), kind="deal", external_id="D1"))
        caught_up(lumen)
        assert bases() == {}

    def test_a_rule_moves_the_customers_of_whoever_it_concerns(self, lumen: Client, bought: Connection) -> None:
        lead = Lead(day=date(2026, 11, 3), lead_id="L2", created_at=at(3), origin=Origin(source="paper"))
        tell(lumen, bought, "leads", lead)
        deal = Deal(day=date(2026, 11, 4), deal_id="D2", lead_id="L2", created_at=at(4), won_at=at(10), amount_nano=10**9)
        tell(lumen, bought, "deals", deal)
        caught_up(lumen)
        assert groups(NOVEMBER, By.CHANNEL, "new_customers") == {"display": 1, "unknown": 1}
        campaign_choices.set_rules(lumen, [Rule("offline", source="paper")], "somebody")
        caught_up(lumen)
        assert groups(NOVEMBER, By.CHANNEL, "new_customers") == {"display": 1, "offline": 1}

    def test_who_is_erased_stays_a_customer_of_whom_nothing_else_is_known(self, lumen: Client, bought: Connection) -> None:
        erasure.erase(lumen, Person.objects.get(keys__value="L1"), OPERATOR)
        caught_up(lumen)
        assert list(bases().values()) == [("unknown", "nothing")]
        assert values(NOVEMBER, "new_customers", "arpa") == {"new_customers": 1, "arpa": 7}


class TestPeopleFoundToBeOne:
    """A lead of the CRM and a customer of the shop share an address."""

    @pytest.fixture
    def merged(self, lumen: Client, crm: Connection) -> Connection:
        credential = keep_credential("stripe", {}, client=lumen)
        shop = Connection.objects.create(source="stripe", account="2", currency="EUR", timezone="Europe/Paris", credential_id=credential.pk)
        orders = [
            Order(
                day=date(2026, 11, day),
                order_id=f"O{day}",
                ordered_at=at(day),
                amount_nano=day * 10**9,
                customer_id=customer,
                email_hash=mail,
            )
            for day, customer, mail in ((5, "", BOB), (9, "C1", ""), (10, "", ANA))
        ]
        tell(lumen, shop, "orders", *orders)
        tell(
            lumen, crm, "leads", Lead(day=date(2026, 11, 3), lead_id="L1", created_at=at(3), email_hash=ANA, origin=Origin(channel="email"))
        )
        caught_up(lumen)
        assert groups(NOVEMBER, By.CHANNEL, "new_customers") == {"unknown": 2, "email": 1}
        # C1 turns out to have the address of the lead.
        record = Order(day=date(2026, 11, 12), order_id="O12", ordered_at=at(12), amount_nano=10**9, customer_id="C1", email_hash=ANA)
        tell(lumen, shop, "orders", record)
        caught_up(lumen)
        return shop

    def test_they_are_one_customer_won_by_the_lead_and_two_again_once_told_apart(self, lumen: Client, merged: Connection) -> None:
        assert groups(NOVEMBER, By.CHANNEL, "new_customers") == {"unknown": 1, "email": 1}
        assert groups(NOVEMBER, By.CHANNEL, "arpa") == {"unknown": 5, "email": 20}
        people.tell_apart(lumen, PersonMerge.objects.get())
        caught_up(lumen)
        assert groups(NOVEMBER, By.CHANNEL, "new_customers") == {"unknown": 2, "email": 1}
        assert groups(NOVEMBER, By.CHANNEL, "arpa") == {"unknown": Fraction(15, 2), "email": 10}

    def test_leads_that_their_platform_makes_one_take_their_customers_along(
        self, lumen: Client, crm: Connection, merged: Connection
    ) -> None:
        tell(
            lumen, crm, "leads", Lead(day=date(2026, 11, 2), lead_id="L2", created_at=at(2), email_hash=BOB, origin=Origin(channel="video"))
        )
        caught_up(lumen)
        assert groups(NOVEMBER, By.CHANNEL, "new_customers") == {"video": 1, "email": 1}
        tell(lumen, crm, "leads", Gone(day=date(2026, 11, 12), kind="lead", external_id="L2", merged_into="L1"))
        caught_up(lumen)
        assert groups(NOVEMBER, By.CHANNEL, "new_customers") == {"email": 1}

    def test_the_orders_of_an_erased_address_are_nobodys(self, lumen: Client, merged: Connection) -> None:
        erasure.erase(lumen, Person.objects.get(keys__value=BOB), OPERATOR)
        caught_up(lumen)
        assert values(NOVEMBER, "new_customers", "revenue") == {"new_customers": 1, "revenue": 25}


def test_money_is_known_once_there_are_rates_and_a_customer_without(lumen: Client, load_text: LoadText, tmp_path: Any) -> None:
    load_text(lumen, "orders", ORDERS + "O1,C1,2026-11-09T10:00:00,100,,,USD,email,\nO2,C2,2026-11-09T10:00:00,100,,,,direct,\n")
    caught_up(lumen)
    assert values(NOVEMBER, "customers", "arpa", "clv") == {"customers": 2, "arpa": Reason.NO_EXCHANGE_RATE, "clv": Reason.NO_DENOMINATOR}
    assert groups(NOVEMBER, By.CHANNEL, "arpa") == {"direct": 100}
    day = date(2026, 10, 1)
    [row] = cohorts.table(cohorts.Shown.REVENUE, day, date(2026, 11, 30))
    assert row.size == 2
    rates = tmp_path / "rates.csv"
    rates.write_text("Date,USD,\n2026-11-09,1.25,\n2026-11-06,2,\n")
    call_command("import_rates", rates, verbosity=0)
    caught_up(lumen)
    assert values(NOVEMBER, "arpa") == {"arpa": 90}
    assert groups(NOVEMBER, By.CHANNEL, "arpa") == {"direct": 100, "email": 80}


SUBSCRIPTIONS = "subscription_id,customer_id,started_at,ended_at,mrr,currency\n"


def test_who_pays_by_the_month_is_a_customer_without_any_order(lumen: Client, load_text: LoadText) -> None:
    load_text(
        lumen, "subscriptions",
        SUBSCRIPTIONS + "S1,C1,2026-07-15,2026-10-10,10,\nS2,C1,2026-10-10,,30,\n"  # a larger plan
        "S3,C2,2026-08-01,2026-10-20,20,\nS4,C3,2026-09-01,,40,\nS5,C3,2026-09-01,2026-10-15,5,\nS6,C4,2026-10-05,,8,\n"
        "S7,C5,2026-10-06,2026-10-09,9,\nS9,C9,2026-07-02,2026-08-03,9,\n",
    )  # fmt: skip
    caught_up(lumen)
    october = Period(date(2026, 10, 1), date(2026, 10, 20))
    found = values(october, "new_customers", "customers", "retention_rate", "churn_rate", "revenue_churn_rate", "grr", "nrr", "revenue")
    assert found == {
        "new_customers": 2, "customers": 5, "retention_rate": Fraction(2, 3), "churn_rate": Fraction(1, 3),
        "revenue_churn_rate": Fraction(25, 75), "grr": Fraction(50, 75), "nrr": Fraction(70, 75), "revenue": Reason.NOT_REPORTED,
    }  # fmt: skip
    assert values(Period(date(2026, 8, 1), date(2026, 8, 31)), "retention_rate") == {"retention_rate": Fraction(1, 2)}
    shares = cohorts.table(cohorts.Shown.ACTIVE, date(2026, 7, 1), date(2026, 10, 31))
    # October is told up to the twentieth alone.
    half = Fraction(1, 2)
    assert [(f"{row.month:%m}", row.size, [cell.exact for cell in row.cells]) for row in shares] == [
        ("07", 2, [1, 1, half]), ("08", 1, [1, 1, None]), ("09", 1, [1, None, None]), ("10", 2, [None, None, None]),
    ]  # fmt: skip
    load_text(lumen, "subscriptions", SUBSCRIPTIONS + "S8,C8,2026-11-20,2026-11-21,1,\n")
    caught_up(lumen)
    shares = cohorts.table(cohorts.Shown.ACTIVE, date(2026, 7, 1), date(2026, 10, 31))
    assert [[cell.exact for cell in row.cells] for row in shares] == [
        [1, 1, half, half], [1, 1, 1, None], [1, 1, None, None], [1, None, None, None],
    ]  # fmt: skip


def test_whoever_ordered_within_the_window_is_a_customer_by_activity(lumen: Client, load_text: LoadText) -> None:
    orders = {"C1": ("2026-08-20", "2026-10-30"), "C2": ("2026-10-05",), "C3": ("2026-11-03",), "C4": ("2026-06-01", "2026-11-18")}
    rows = [f"{who}{day},{who},{day},1,,,,,\n" for who, days in orders.items() for day in days]
    load_text(lumen, "orders", ORDERS + "".join(rows))
    choices.choose(lumen, "activity_window", 30, None, OPERATOR)
    caught_up(lumen)
    # On the first, C1 and C2 had ordered in thirty days; on the twentieth, C1, C3, who is new, and C4, who came back.
    assert values(NOVEMBER, "retention_rate", "customers") == {"retention_rate": Fraction(2, 2), "customers": 2}
    choices.choose(lumen, "activity_window", 10, None, OPERATOR)
    assert values(NOVEMBER, "retention_rate") == {"retention_rate": 1}
    choices.choose(lumen, "retention_mode", "overlap", None, OPERATOR)
    assert values(Period(date(2026, 10, 1), date(2026, 10, 31)), "retention_rate") == {"retention_rate": Reason.NO_DENOMINATOR}
    assert values(Period(date(2026, 11, 1), date(2026, 11, 30)), "retention_rate") == {"retention_rate": 0}


def test_what_was_spent_is_paid_back_in_the_month_in_which_the_margin_covers_it(lumen: Client, load_text: LoadText) -> None:
    ads = "date,source,account,campaign,channel,impressions,clicks,spend\n"
    spent = (("08-05", 60), ("09-05", 1), ("09-30", 0))
    load_text(lumen, "ads", ads + "".join(f"2026-{day},google_ads,1,Brand,paid_search,1,1,{spend}\n" for day, spend in spent))
    load_text(
        lumen, "orders",
        ORDERS + "O1,C1,2026-08-06,50,,,,,Brand\nO2,C1,2026-09-06,30,,,,,\nO3,C1,2026-11-06,90,,,,,\nO4,C2,2026-08-07,10,,,,direct,\n",
    )  # fmt: skip
    load_text(lumen, "costs", "date,name,amount\n2026-08-31,fair,40\n2026-09-30,fair,0\n")
    caught_up(lumen)
    august = Period(date(2026, 8, 1), date(2026, 8, 31))
    assert values(august, "payback_months", "cac", "ltv_to_cac")["payback_months"] == 3
    assert groups(august, By.CHANNEL, "payback_months") == {"paid_search": 1}
    assert groups(august, By.CAMPAIGN, "payback_months") == {"Brand": 1}
    choices.choose(lumen, "margin", "0.5", None, OPERATOR)
    caught_up(lumen)
    assert values(august, "payback_months") == {"payback_months": Reason.NEVER}
    assert groups(august, By.CAMPAIGN, "payback_months") == {"Brand": 3}
    assert values(Period(date(2026, 9, 1), date(2026, 9, 30)), "payback_months") == {"payback_months": Reason.NEVER}
