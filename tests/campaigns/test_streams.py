"""What is staged on its way to a client's tables."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.db import DataError

from accounts.models import Client
from campaigns.connectors.base import Replaces
from campaigns.models import AdDay, Connection
from campaigns.models import Deal as StoredDeal
from campaigns.records import AdDay as AdRow
from campaigns.records import Deal, LandingDay, Lead, Order, Origin, Record
from campaigns.spool import BLOCK, Spool
from campaigns.streams import MANY, Conflict, Window, execute
from campaigns.sync import store

DAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def source(lumen: Client) -> Connection:
    return Connection.objects.create(source="google_ads", account="1", currency="EUR", timezone="Europe/Paris")


def ad(day: date, clicks: int, campaign: str = "1") -> AdRow:
    return AdRow(day=day, campaign_id=campaign, campaign="C", channel="display", clicks=clicks)


def keep(client: Client, source: Connection, rows: list[Record], window: Window) -> list[int]:
    """Stores an answer; how many rows were new, changed and gone."""
    with Spool() as spool:
        for row in rows:
            spool.write(row)
        [pull] = store(client, source, spool, window=window, accept_loss=True)
    return [pull.inserted, pull.updated, pull.deleted]


def test_a_number_too_large_for_its_column_is_refused_and_not_cut_off(lumen: Client, source: Connection) -> None:
    lead = Lead(day=DAY, lead_id="L1", created_at=datetime(2026, 3, 2, tzinfo=UTC), score=2**32 + 7)
    with pytest.raises(DataError, match="out of range"):
        keep(lumen, source, [lead], Window("leads", DAY, DAY, Replaces.KEYED))


def test_any_text_is_stored_as_it_was_said(lumen: Client, source: Connection) -> None:
    said = [
        '"',
        "\\",
        '\\"',
        "a\nb\r\n\tc",
        "\\n",
        "\\.\n\\.\n",
        "null",
        "]\n[",
        "],[",
        "a,b",
        "\x01\x1f\x7f\u2028",
        "é 🎉",
        " ",
        "\\u000a",
    ]
    deals = [
        Deal(day=DAY, deal_id=f"D{text}", name=text, stage="", stages={text: NOON}, created_at=NOON, amount_nano=number)
        for number, text in enumerate(said)
    ]
    assert keep(lumen, source, [*deals], Window("deals", DAY, DAY, Replaces.KEYED)) == [len(said), 0, 0]
    stored = StoredDeal.objects.order_by("amount_nano").values_list(
        "external_id", "name", "stage", "stages", "amount_nano", "created_at", "won_at"
    )
    at = NOON.isoformat().replace("+00:00", "Z")
    assert list(stored) == [(f"D{text}", text, "", {text: at}, number, NOON, None) for number, text in enumerate(said)]
    assert keep(lumen, source, [*deals], Window("deals", DAY, DAY, Replaces.KEYED)) == [0, 0, 0]


def test_a_text_that_no_database_holds_is_refused(lumen: Client, source: Connection) -> None:
    with pytest.raises(DataError, match="invalid byte sequence"):
        keep(lumen, source, [Deal(day=DAY, deal_id="D1", name="a\0b", created_at=NOON)], Window("deals", DAY, DAY, Replaces.KEYED))


def test_rows_of_other_days_than_asked_replace_those_of_their_key_and_take_none_away(lumen: Client, source: Connection) -> None:
    """Nobody should answer so; if one does, what was asked is complete and what was not is not."""
    before, after = date(2026, 3, 1), date(2026, 3, 3)
    whole = Window("ads", before, after)
    assert keep(lumen, source, [ad(before, 1), ad(before, 1, "2"), ad(DAY, 2), ad(DAY, 2, "2"), ad(after, 3)], whole) == [5, 0, 0]
    assert keep(lumen, source, [ad(before, 9), ad(DAY, 2)], Window("ads", DAY, DAY)) == [0, 1, 1]
    stored = AdDay.objects.order_by("day", "campaign__external_id").values_list("day", "campaign__external_id", "clicks")
    assert list(stored) == [(before, "1", 9), (before, "2", 1), (DAY, "1", 2), (after, "1", 3)]


def test_rows_of_many_blocks_come_back_in_their_order_while_more_are_written(lumen: Client) -> None:
    many = BLOCK * 2 + 3
    with Spool() as spool:
        for number in range(many):
            spool.write(ad(DAY, number))
        assert [position for position, _ in spool.read(AdRow)] == list(range(1, many + 1))
        spool.write(ad(DAY, many), 7)
        assert spool.count(AdRow) == many + 1
        assert list(spool.read(AdRow))[-1] == (7, ad(DAY, many))
        assert spool.days(AdRow) == [DAY]


def test_what_a_spool_holds_comes_back_as_it_was_written(lumen: Client) -> None:
    landing = LandingDay(day=DAY, page="/a", origin=Origin(source="news", medium="email"), sessions=3)
    deal = Deal(day=DAY, deal_id="D1", created_at=NOON, stages={"won": NOON})
    with Spool() as spool:
        for record in (landing, deal, landing, ad(DAY, 1)):
            spool.write(record)
        assert list(spool.read(LandingDay)) == [(1, landing), (3, landing)]
        assert list(spool.read(Deal)) == [(2, deal)]
        assert list(spool.read(AdRow)) == [(4, ad(DAY, 1))]
        told = spool.content_hash
    with Spool() as other:
        for record in (landing, deal, landing, ad(DAY, 1, "another campaign")):
            other.write(record)
        assert other.content_hash != told


def test_doubles_are_found_across_blocks(lumen: Client, source: Connection) -> None:
    rows = [ad(DAY, number, str(number)) for number in range(BLOCK + 1)]
    assert keep(lumen, source, [*rows, rows[0]], Window("ads", DAY, DAY)) == [BLOCK + 1, 0, 0]
    with pytest.raises(Conflict) as conflict:
        keep(lumen, source, [*rows, ad(DAY, 77)], Window("ads", DAY, DAY))
    assert [pair[:2] for pair in conflict.value.pairs] == [(2, BLOCK + 2)]


def test_a_few_rows_are_looked_up_among_many_that_are_new(lumen: Client, source: Connection) -> None:
    """The database has not counted them by itself yet, and would read them all for each of the next pulls."""
    orders = [Order(day=DAY, order_id=str(number), ordered_at=NOON, amount_nano=number) for number in range(MANY)]
    assert keep(lumen, source, [*orders], Window("orders", DAY, DAY, Replaces.KEYED)) == [MANY, 0, 0]
    known = execute("SELECT reltuples FROM pg_class WHERE oid = 'campaigns_order'::regclass")
    plan = execute(
        "EXPLAIN SELECT amount_nano FROM campaigns_order WHERE connection_id = %s AND external_id = ANY(%s)", [source.pk, ["1", "2"]]
    )
    assert known == [(MANY,)]
    assert "Index Scan using campaigns_order_pkey" in plan[0][0]
