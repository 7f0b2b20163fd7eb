"""Every kind of file: what it may hold, what it becomes, and what is refused because it cannot be."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Client
from campaigns.imports import Refusal, load, template
from campaigns.imports.cells import TOUCH_KINDS
from campaigns.imports.kinds import KINDS
from campaigns.kpi_slugs import KPI_SLUGS
from campaigns.models import (
    AudienceDay,
    Budget,
    Connection,
    Cost,
    Customer,
    DirtyDay,
    EmailSend,
    LandingDay,
    Lead,
    Order,
    PageDay,
    SocialDay,
    SubscriptionSpan,
    Target,
    Touch,
    Upload,
)  # fmt: skip
from campaigns.tables import FAMILIES
from kpis.definitions import DEFINITIONS
from tests.campaigns.importing import Row, example, facts, file_of, stored

Import = Callable[..., str]


@pytest.fixture
def import_rows(lumen: Client, tmp_path: Path) -> Import:
    """Imports rows of one kind through the command; what it says."""

    def run(kind: str, *rows: Row) -> str:
        path = tmp_path / "file.csv"
        path.write_text(file_of(list(rows)))
        said = io.StringIO()
        call_command("import_file", "lumen", kind, str(path), stdout=said)
        return said.getvalue()

    return run


def refused(import_rows: Import, kind: str, *rows: Row) -> str:
    with pytest.raises(CommandError) as error:
        import_rows(kind, *rows)
    assert stored() == 0
    return str(error.value)


@pytest.mark.parametrize("kind", KINDS)
class TestEveryKind:
    def test_its_template_is_a_file_that_imports(self, lumen: Client, tmp_path: Path, kind: str) -> None:
        path = tmp_path / f"{kind}.csv"
        path.write_text(template(KINDS[kind]), newline="")
        assert load(lumen, KINDS[kind], path).inserted == 1
        assert {mark.family for mark in DirtyDay.objects.all()} == {KINDS[kind].family}

    def test_the_same_file_twice_changes_nothing(self, import_rows: Import, kind: str) -> None:
        import_rows(kind, example(kind))
        before = facts()
        DirtyDay.objects.all().delete()
        assert "1 rows read" in import_rows(kind, example(kind))
        assert "0 new, 0 changed" in import_rows(kind, example(kind))
        assert facts() == before
        assert not DirtyDay.objects.exists()

    def test_only_what_is_needed_is_needed(self, import_rows: Import, kind: str) -> None:
        also = {"touchpoints": ["lead_id", "channel"], "costs": ["month"]}.get(kind, [])
        needed = {column.name: example(kind)[column.name] for column in KINDS[kind].canonical if column.required or column.name in also}
        assert "1 new" in import_rows(kind, needed)

    def test_every_account_keeps_its_own_rows(self, import_rows: Import, kind: str) -> None:
        assert "3 new" in import_rows(kind, *(example(kind, account=account) for account in ("import", "north", "south")))
        assert {connection.account for connection in Connection.objects.all()} == {"import", "north", "south"}

    def test_an_unknown_column_is_refused_by_its_name(self, import_rows: Import, kind: str) -> None:
        assert "column colour" in refused(import_rows, kind, example(kind) | {"colour": "red"})


def test_every_kind_fills_a_family_of_facts_that_is_stored() -> None:
    assert {kind.family for kind in KINDS.values()} <= set(FAMILIES)


def test_a_target_can_be_set_for_every_kpi() -> None:
    assert DEFINITIONS.keys() <= KPI_SLUGS


class TestWhatRowsBecome:
    def test_a_mailing_without_an_id_is_known_by_its_campaign_and_moment(self, import_rows: Import) -> None:
        row = example("email", campaign_id="")
        import_rows("email", row)
        import_rows("email", row | {"opens": "3000"})
        send = EmailSend.objects.get()
        assert (send.opens, send.sent, send.seed_inbox, str(send.day)) == (3000, 5200, 46, "2026-01-31")

    def test_a_landing_page_has_one_row_for_each_channel_and_campaign(self, import_rows: Import) -> None:
        rows = [example("web", channel=channel, campaign=campaign) for channel in ("email", "") for campaign in ("Brand", "")]
        assert "4 new" in import_rows("web", *rows)
        assert LandingDay.objects.filter(origin__channel="email").count() == 2

    def test_seconds_on_a_page_say_what_they_are_of(self, import_rows: Import) -> None:
        import_rows("pages", example("pages"), example("pages", source="matomo"))
        assert {(page.connection.source, page.basis) for page in PageDay.objects.all()} == {("ga4", "ga4"), ("matomo", "classic")}

    def test_a_post_and_the_account_as_a_whole_are_two_rows(self, import_rows: Import) -> None:
        import_rows("social", example("social"), example("social", post_id=""))
        assert {day.external_id for day in SocialDay.objects.all()} == {"17900", ""}

    def test_a_post_is_known_by_its_title_and_its_address(self, import_rows: Import) -> None:
        long, flag = "x" * 250, "\N{WHITE FLAG}\ufe0f\u200d\N{RAINBOW}"
        texts = {"1": f" Autumn\u00a0 lamps {flag}", "2": long, "3": ""}
        address = "https://www.instagram.com/p/été 1/?a=b"
        import_rows("social", *(example("social", post_id=post, title=text, url=address if text else "") for post, text in texts.items()))
        told = {day.external_id: (day.title, day.url) for day in SocialDay.objects.all()}
        sent = "https://www.instagram.com/p/%C3%A9t%C3%A9%201/?a=b"
        assert told == {"1": (f"Autumn lamps {flag.replace(chr(0x200D), '')}", sent), "2": (f"{'x' * 199}…", sent), "3": ("", "")}

    def test_the_size_of_a_list(self, import_rows: Import) -> None:
        import_rows("audience", example("audience"))
        assert list(AudienceDay.objects.values_list("list_name", "subscribers", "joined", "left")) == [("Customers", 5210, 31, 9)]

    def test_history_of_another_system_is_kept_under_its_name(self, import_rows: Import) -> None:
        for kind in ("leads", "customers", "orders", "subscriptions", "touchpoints"):
            import_rows(kind, example(kind, source="salesforce", account="eu"))
        assert list(Connection.objects.values_list("source", "account")) == [("salesforce", "eu")]

    def test_a_lead_says_where_it_came_from(self, import_rows: Import) -> None:
        import_rows("leads", example("leads"))
        lead = Lead.objects.select_related("origin").get()
        assert (lead.origin.stated, lead.origin.campaign_name, lead.value_nano) == ("paid_social", "Spring sale", 1200 * 10**9)
        assert len(lead.email_hash) == 64

    def test_a_customer_of_whom_no_day_is_known(self, import_rows: Import) -> None:
        import_rows("customers", {"customer_id": "C1"})
        assert "0 new, 0 changed" in import_rows("customers", {"customer_id": "C1"})
        assert Customer.objects.get().acquired_at is None

    def test_a_subscription_has_a_row_for_each_price_it_had(self, import_rows: Import) -> None:
        early = example("subscriptions", ended_at="2026-03-01")
        late = example("subscriptions", started_at="2026-03-01", mrr="35.00")
        assert "2 new" in import_rows("subscriptions", early, late)
        assert sorted(span.mrr_nano // 10**9 for span in SubscriptionSpan.objects.all()) == [29, 35]

    def test_a_refund_takes_back_its_tax_and_shipping_too(self, import_rows: Import) -> None:
        import_rows("orders", example("orders", kind="refund", refund_of="O-1"))
        order = Order.objects.get()
        assert (order.amount_nano, order.tax_nano, order.shipping_nano) == (-99_900_000_000, -19_980_000_000, -4_900_000_000)

    def test_the_cost_of_a_month_lasts_all_of_it_and_that_of_a_day_one(self, import_rows: Import) -> None:
        import_rows("costs", example("costs", month="2026-02"), example("costs", month="", date="2026-02-03"))
        assert {(str(cost.day), str(cost.until)) for cost in Cost.objects.all()} == {
            ("2026-02-01", "2026-02-28"),
            ("2026-02-03", "2026-02-03"),
        }

    def test_a_touch_is_its_whole_row(self, import_rows: Import) -> None:
        rows = [example("touchpoints", kind=kind) for kind in TOUCH_KINDS]
        assert "5 new" in import_rows("touchpoints", *rows)
        reordered = [dict(sorted(row.items(), reverse=True)) for row in rows]
        assert "0 new, 0 changed" in import_rows("touchpoints", *reordered)
        assert Touch.objects.count() == 5

    def test_targets_and_budgets_are_for_months_to_come(self, import_rows: Import) -> None:
        import_rows("targets", example("targets", month="2031-05", kpi="roas", value="4.5"))
        import_rows("budgets", example("budgets", month="2031-05"))
        assert (str(Target.objects.get().day), Target.objects.get().value_nano) == ("2031-05-01", 4_500_000_000)
        assert Budget.objects.get().amount_nano == 6000 * 10**9

    def test_googles_account_number_is_one_with_and_without_dashes(self, import_rows: Import) -> None:
        import_rows("ads", example("ads", source="google_ads", account="877-953-6058"))
        import_rows("ads", example("ads", source="google_ads", account="8779536058", spend="1"))
        assert Connection.objects.get().account == "8779536058"


CANNOT_BE = [
    ("email", {"seed_inbox": "51"}, "column seed_inbox, value '51': more than seed_sent of the same row"),
    ("email", {"hard_bounces": "5000", "soft_bounces": "201"}, "hard and soft bounces together are more than sent"),
    ("email", {"unique_opens": "2711"}, "column unique_opens, value '2711': more than opens"),
    ("email", {"unique_clicks": "403"}, "column unique_clicks, value '403': more than clicks"),
    ("email", {"sent": ""}, "column sent, value '': empty, and this column is required"),
    ("web", {"bounces": "411"}, "column bounces, value '411': more than sessions"),
    ("pages", {"exits": "1191"}, "column exits, value '1191': more than views"),
    ("pages", {"views": "-1"}, "column views, value '-1': negative"),
    ("social", {"likes": "many"}, "column likes, value 'many': not a whole number"),
    ("social", {"url": "http://example.com/1"}, "column url, value 'http://example.com/1': not a web address that begins with https://"),
    ("social", {"url": "javascript:alert(1)"}, "not a web address that begins with https://"),
    ("social", {"url": "https://[x"}, "not a web address that begins with https://"),
    ("customers", {"cancelled_at": "2026-01-19"}, "column cancelled_at, value '2026-01-19': before acquired_at"),
    ("subscriptions", {"ended_at": "2026-01-19"}, "column ended_at, value '2026-01-19': before started_at"),
    ("subscriptions", {"mrr": "-3"}, "column mrr, value '-3': negative"),
    ("orders", {"refund_of": "O-1"}, "refund_of is given but kind is not refund"),
    ("orders", {"kind": "gift"}, "column kind, value 'gift': not known here; use one of order, refund"),
    ("orders", {"currency": "XYW"}, "column currency, value 'XYW': not a currency"),
    ("costs", {"date": "2026-01-05"}, "column month, value '2026-01': give either a month or a date"),
    ("costs", {"month": ""}, "give either a month or a date"),
    ("costs", {"month": "2031-01"}, "column month, value '2031-01': more than a day in the future"),
    ("costs", {"month": "2026-13"}, "no such day in the calendar"),
    ("touchpoints", {"lead_id": ""}, "give a lead_id or a customer_id"),
    ("touchpoints", {"channel": ""}, "column channel, value '': empty, and this column is required"),
    ("touchpoints", {"kind": "dream"}, "not known here; use one of visit, download, form, call, meeting"),
    ("targets", {"kpi": "happiness"}, "column kpi, value 'happiness': not the slug of a KPI"),
    ("targets", {"month": "2026-1"}, "column month, value '2026-1': not a month; use YYYY-MM"),
    ("targets", {"month": "2101-01"}, "after 2100"),
    ("budgets", {"month": "2026-01-01"}, "not a month"),
    ("audience", {"subscribers": ""}, "column subscribers, value '': empty"),
]


@pytest.mark.parametrize(("kind", "changed", "reason"), CANNOT_BE)
def test_what_cannot_be_is_refused_with_the_reason(import_rows: Import, kind: str, changed: Row, reason: str) -> None:
    assert reason in refused(import_rows, kind, example(kind, **changed))


class TestCurrencies:
    def test_any_currency_of_the_world_is_taken(self, import_rows: Import) -> None:
        import_rows("orders", example("orders", currency="JPY"))
        assert Order.objects.get().currency == "JPY"

    def test_an_ad_account_is_in_the_currency_of_its_rows(self, import_rows: Import) -> None:
        import_rows("ads", example("ads", currency="CHF"), example("ads", campaign_id="2", currency=""))
        assert Connection.objects.get().currency == "CHF"

    def test_an_ad_account_in_two_currencies_is_refused(self, import_rows: Import) -> None:
        rows = example("ads", currency="CHF"), example("ads", campaign_id="2", currency="USD")
        assert "line 3, column currency, value 'USD': the account is in CHF" in refused(import_rows, "ads", *rows)

    def test_an_ad_account_known_in_another_currency_is_refused(self, import_rows: Import) -> None:
        Connection.objects.create(source="meta_ads", account="1234567890", currency="USD", timezone="Europe/Paris")
        assert "line 2, column currency, value 'EUR': the account is in USD" in refused(import_rows, "ads", example("ads"))


def varied(kind: str, number: int) -> Row:
    """A row of the kind with a key of its own."""
    tags = {"ads": "campaign_id", "email": "campaign_id", "web": "landing_page", "pages": "page", "social": "post_id", "leads": "lead_id",
            "customers": "customer_id", "subscriptions": "subscription_id", "audience": "list", "orders": "order_id", "costs": "name",
            "touchpoints": "asset", "targets": "campaign", "budgets": "campaign"}  # fmt: skip
    return example(kind, **{tags[kind]: f"n{number}"})


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(KINDS)), st.integers(1, 7), st.integers(1, 7), st.randoms(use_true_random=False))
def test_in_pieces_in_another_order_and_more_than_once_the_result_is_the_same(
    lumen: Client, tmp_path: Path, kind: str, count: int, size: int, chance: Random
) -> None:
    from django.db import transaction

    rows = [varied(kind, number) for number in range(count)]
    path = tmp_path / "piece.csv"

    def result(pieces: list[list[Row]]) -> object:
        with transaction.atomic():
            for piece in pieces:
                path.write_text(file_of(piece))
                load(lumen, KINDS[kind], path)
            found = facts()
            transaction.set_rollback(True)
        return found

    shuffled = chance.sample(rows, len(rows))
    pieces = [shuffled[start : start + size] for start in range(0, count, size)]
    assert result([rows]) == result([*pieces, pieces[0]])


SPOILS = st.sampled_from([b"", b"\x00", b"\xff", b'"', b",", b"\n", b";", b"-", b"9" * 30, "é".encode(), b"\xef\xbb\xbf", b"\t", b"NaN"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(KINDS)), st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 3), SPOILS), min_size=1, max_size=4))
def test_a_file_with_spoilt_bytes_is_refused_whole_or_stored_whole(
    lumen: Client, tmp_path: Path, kind: str, spoilt: list[tuple[int, int, bytes]]
) -> None:
    whole = file_of([varied(kind, number) for number in range(3)]).encode()
    for place, length, spoil in spoilt:
        at = place % len(whole)
        whole = whole[:at] + spoil + whole[at + length :]
    path = tmp_path / "spoilt.csv"
    path.write_bytes(whole)
    before = stored()
    try:
        load(lumen, KINDS[kind], path)
    except Refusal as refusal:
        all_or_nothing = bool(refusal.faults) and stored() == before
    else:
        all_or_nothing = Upload.objects.latest("pk").state == Upload.State.STORED
    assert all_or_nothing
