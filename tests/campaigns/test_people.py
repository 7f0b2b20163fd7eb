"""People are recognised by what sources call them, told apart again when that was wrong, and forgotten for good."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from accounts.audit import OPERATOR
from accounts.models import AuditEvent, Client
from accounts.services import keep_credential
from campaigns import erasure, people
from campaigns.connectors.base import Replaces
from campaigns.models import Connection, Deal, DirtyDay, Lead, Order, Person, PersonKey, PersonMerge, Touch
from campaigns.pseudonyms import email_hasher
from campaigns.records import FILE_SOURCE, Gone, Record
from campaigns.records import Deal as DealRecord
from campaigns.records import Lead as LeadRecord
from campaigns.records import Order as OrderRecord
from campaigns.records import Touch as TouchRecord
from campaigns.spool import Spool
from campaigns.streams import Window, execute
from campaigns.sync import store

DAY = date(2026, 11, 9)
NOON = datetime(2026, 11, 9, 12, tzinfo=UTC)
ANA, BOB = "a" * 64, "b" * 64


@pytest.fixture
def crm(lumen: Client) -> Connection:
    credential = keep_credential("hubspot", {}, client=lumen)
    return Connection.objects.create(source="hubspot", account="1", currency="EUR", timezone="Europe/Paris", credential_id=credential.pk)


@pytest.fixture
def shop(lumen: Client) -> Connection:
    credential = keep_credential("stripe", {}, client=lumen)
    return Connection.objects.create(source="stripe", account="2", currency="EUR", timezone="Europe/Paris", credential_id=credential.pk)


def tell(client: Client, source: Connection, family: str, *records: Record) -> None:
    with Spool() as spool, transaction.atomic():
        for record in records:
            spool.write(record)
        store(client, source, spool, window=Window(family, DAY, DAY, Replaces.KEYED))


def lead(lead_id: str, email: str = "", **more: Any) -> LeadRecord:
    return LeadRecord(day=DAY, lead_id=lead_id, created_at=NOON, email_hash=email, **more)


_numbers = itertools.count(1)


def order(customer: str, email: str = "", amount: int = 10, order_id: str = "") -> OrderRecord:
    number = order_id or f"o{next(_numbers)}"
    return OrderRecord(day=DAY, order_id=number, ordered_at=NOON, amount_nano=amount, customer_id=customer, email_hash=email)


def person(kind: str, value: str) -> int:
    return PersonKey.objects.get(kind=kind, value=value).person_id


def groups() -> set[frozenset[str]]:
    """Who is one, by what they are called."""
    found: dict[int, set[str]] = {}
    for key in PersonKey.objects.exclude(kind="email"):
        found.setdefault(key.person_id, set()).add(key.value)
    return {frozenset(values) for values in found.values()}


class TestRecognising:
    def test_a_lead_and_a_customer_with_one_address_are_one_person(self, lumen: Client, crm: Connection, shop: Connection) -> None:
        tell(lumen, crm, "leads", lead("L1", ANA), lead("L2", BOB))
        tell(lumen, shop, "orders", order("C1", ANA), order("C1"), order("C3"))
        assert groups() == {frozenset({"L1", "C1"}), frozenset({"L2"}), frozenset({"C3"})}
        assert not PersonMerge.objects.exists()

    def test_one_id_on_two_platforms_is_two_people(self, lumen: Client, crm: Connection, shop: Connection) -> None:
        tell(lumen, crm, "leads", lead("7"))
        tell(lumen, shop, "orders", order("7"))
        assert Person.objects.count() == 2

    def test_people_who_turn_out_to_be_one_are_merged_into_the_elder_and_logged(
        self, lumen: Client, crm: Connection, shop: Connection
    ) -> None:
        tell(lumen, crm, "leads", lead("L1", ANA))
        tell(lumen, shop, "orders", order("C1"))
        elder = person("lead", "L1")
        tell(lumen, shop, "orders", order("C1", ANA))
        assert groups() == {frozenset({"L1", "C1"})}
        assert person("customer", "C1") == elder
        [merge] = PersonMerge.objects.all()
        assert (merge.kept_id, merge.moved) == (elder, [PersonKey.objects.get(value="C1").pk])

    def test_a_chain_of_addresses_makes_one_person_whatever_the_order(self, lumen: Client, crm: Connection) -> None:
        chain = [lead(f"L{n}", f"{n:064d}", customer_id=f"c{n + 1}") for n in range(6)]
        chain += [lead(f"M{n}", f"{n:064d}", customer_id=f"c{n}") for n in range(6)]
        tell(lumen, crm, "leads", *chain[::-1])
        assert Person.objects.count() == len({key.person_id for key in PersonKey.objects.all()}) == 1

    def test_leads_the_platform_made_one_are_one_person(self, lumen: Client, crm: Connection) -> None:
        tell(lumen, crm, "leads", lead("L1", ANA), lead("L2", BOB))
        tell(lumen, crm, "leads", lead("L1", ANA), Gone(day=DAY, kind="lead", external_id="L2", merged_into="L1"))
        assert groups() == {frozenset({"L1", "L2"})}
        assert [row.external_id for row in Lead.objects.all()] == ["L1"]

    def test_an_address_of_a_whole_office_merges_nobody(self, lumen: Client, crm: Connection) -> None:
        tell(lumen, crm, "leads", *[lead(f"L{n}", ANA) for n in range(people.MOST_PEOPLE_OF_A_KEY + 1)])
        assert len(groups()) == people.MOST_PEOPLE_OF_A_KEY + 1
        assert PersonKey.objects.get(kind="email").is_shared

    def test_an_unchanged_answer_makes_nobody(self, lumen: Client, crm: Connection) -> None:
        for _ in range(2):
            tell(lumen, crm, "leads", lead("L1", ANA), lead("L2", BOB))
        assert Person.objects.count() == 2

    def test_many_people_are_known_soon_though_the_database_has_last_seen_nobody(self, lumen: Client, crm: Connection) -> None:
        """As after a large file was looked at and not stored: what it left behind was counted, and is nothing."""
        many = [lead(f"L{number}", f"{number:064d}") for number in range(3_000)]
        with transaction.atomic():
            tell(lumen, crm, "leads", *many)
            transaction.set_rollback(True)
        execute("ANALYZE campaigns_personkey")
        execute("SET LOCAL statement_timeout = '20s'")
        tell(lumen, crm, "leads", *many)
        assert len(groups()) == 3_000


class TestTakingBack:
    def test_a_wrong_merge_is_taken_back_and_not_made_again_by_the_next_answer(
        self, lumen: Client, crm: Connection, shop: Connection
    ) -> None:
        tell(lumen, crm, "leads", lead("L1", ANA))
        tell(lumen, shop, "orders", order("C1"))
        tell(lumen, shop, "orders", order("C1", ANA))
        people.take_back(PersonMerge.objects.get())
        assert groups() == {frozenset({"L1"}), frozenset({"C1"})}
        tell(lumen, shop, "orders", order("C1", ANA))
        tell(lumen, crm, "leads", lead("L1", ANA, score=4))
        assert groups() == {frozenset({"L1"}), frozenset({"C1"})}

    def test_by_command(self, lumen: Client, crm: Connection, shop: Connection, capsys: pytest.CaptureFixture[str]) -> None:
        tell(lumen, crm, "leads", lead("L1", ANA))
        tell(lumen, shop, "orders", order("C1"))
        tell(lumen, shop, "orders", order("C1", ANA))
        call_command("undo_merge", "lumen")
        number = capsys.readouterr().out.split()[0]
        call_command("undo_merge", "lumen", number)
        assert groups() == {frozenset({"L1"}), frozenset({"C1"})}
        with pytest.raises(CommandError, match="no merge"):
            call_command("undo_merge", "lumen", number)


class TestErasing:
    @pytest.fixture
    def known(self, lumen: Client, crm: Connection, shop: Connection) -> Person:
        self.say_everything(lumen, crm, shop)
        DirtyDay.objects.all().delete()
        return Person.objects.get(keys__value="L1")

    def say_everything(self, client: Client, crm: Connection, shop: Connection) -> None:
        tell(client, crm, "leads", lead("L1", ANA), lead("L2", BOB))
        tell(client, crm, "deals", DealRecord(day=DAY, deal_id="D1", lead_id="L1", name="Lamps for Ana", created_at=NOON, amount_nano=7))
        tell(client, crm, "touches", TouchRecord(day=DAY, touch_id="T1", lead_id="L1", at=NOON))
        tell(client, shop, "orders", order("C1", ANA, 30, "A"), order("C1", "", 20, "B"), order("C2", BOB, 5, "C"))

    def test_leads_and_touches_go_and_sums_stay_without_a_name(self, lumen: Client, known: Person) -> None:
        erasure.erase(lumen, known, OPERATOR)
        assert [row.external_id for row in Lead.objects.all()] == ["L2"]
        assert not Touch.objects.exists()
        assert sum(Order.objects.values_list("amount_nano", flat=True)) == 55
        deal = Deal.objects.get()
        assert (deal.name, deal.amount_nano) == ("", 7)
        stored = str([list(model.objects.values()) for model in (Lead, Deal, Order, PersonKey)])
        assert "L1" not in stored
        assert "C1" not in stored
        assert ANA not in stored
        assert {mark.family for mark in DirtyDay.objects.all()} == {"leads", "touches", "deals", "orders"}

    def test_orders_of_somebody_erased_still_belong_to_one_person(self, lumen: Client, known: Person) -> None:
        erasure.erase(lumen, known, OPERATOR)
        names = set(Order.objects.filter(amount_nano__gte=20).values_list("customer_ref", flat=True))
        assert len(names) == 1
        assert person("customer", names.pop()) == known.pk

    def test_no_later_answer_brings_them_back(self, lumen: Client, crm: Connection, shop: Connection, known: Person) -> None:
        erasure.erase(lumen, known, OPERATOR)
        before = {model: list(model.objects.order_by("pk").values()) for model in (Lead, Deal, Touch, Order, PersonKey)}
        self.say_everything(lumen, crm, shop)
        tell(lumen, crm, "leads", lead("L9", ANA))
        tell(lumen, crm, "touches", TouchRecord(day=DAY, touch_id="T2", lead_id="L1", at=NOON))
        assert {model: list(model.objects.order_by("pk").values()) for model in before} == before

    @pytest.mark.parametrize("told_by", ["address", "customer number", "file"])
    def test_nor_do_deals_when_they_write_anew(self, lumen: Client, crm: Connection, known: Person, told_by: str) -> None:
        """As a lead with another id, which is kept out: its deals lose their name and what they call it, whichever is told first."""
        tell(lumen, crm, "leads", lead("L1", ANA, customer_id="K1"))
        erasure.erase(lumen, known, OPERATOR)
        if told_by == "file":
            crm = Connection.objects.create(source=FILE_SOURCE, account="", currency="EUR", timezone="Europe/Paris")
        anew = lead("L9", customer_id="K1") if told_by == "customer number" else lead("L9", ANA)
        common: dict[str, Any] = {"day": DAY, "lead_id": "L9", "name": "Lamps for Ana", "created_at": NOON}
        deals = [DealRecord(deal_id=f"D{number}", amount_nano=number, **common) for number in (8, 9)]
        tell(lumen, crm, "deals", deals[0])
        tell(lumen, crm, "touches", TouchRecord(day=DAY, touch_id="T9", lead_id="L9", at=NOON))
        DirtyDay.objects.all().delete()
        tell(lumen, crm, "leads", anew)
        assert {mark.family for mark in DirtyDay.objects.all()} == {"deals", "touches"}
        for _ in range(2):
            tell(lumen, crm, "deals", *deals)
            tell(lumen, crm, "leads", anew)
        told = Deal.objects.filter(amount_nano__in=(8, 9)).values_list("lead_ref", "name", "amount_nano")
        assert sorted((ref[:7], name, amount) for ref, name, amount in told) == [("erased:", "", 8), ("erased:", "", 9)]
        assert not Touch.objects.exists()
        assert [row.external_id for row in Lead.objects.all()] == ["L2"]
        assert not PersonKey.objects.filter(value="L9").exists()

    def test_a_lead_of_somebody_else_at_their_address_stays(self, lumen: Client, crm: Connection, shop: Connection) -> None:
        """Told apart by hand: the address means several people."""
        tell(lumen, crm, "leads", lead("L1", ANA), lead("L2", BOB))
        tell(lumen, crm, "leads", lead("L2", ANA))
        people.take_back(PersonMerge.objects.get())
        tell(lumen, crm, "deals", DealRecord(day=DAY, deal_id="D2", lead_id="L2", name="Lamps for Bob", created_at=NOON, amount_nano=7))
        erasure.erase(lumen, Person.objects.get(keys__value="L1"), OPERATOR)
        tell(lumen, crm, "leads", lead("L2", ANA, score=4))
        assert [row.external_id for row in Lead.objects.all()] == ["L2"]
        assert Deal.objects.get().name == "Lamps for Bob"

    def test_nor_does_a_merger_on_the_platform(self, lumen: Client, crm: Connection, known: Person) -> None:
        """It makes two contacts one that has an id of its own, and goes on telling so."""
        erasure.erase(lumen, known, OPERATOR)
        told = [Gone(day=DAY, kind="lead", external_id=old, merged_into="L9") for old in ("L1", "L2")]
        for _ in range(2):
            tell(lumen, crm, "leads", lead("L9", BOB), *told)
            tell(lumen, crm, "deals", DealRecord(day=DAY, deal_id="D1", lead_id="L9", name="Ana", created_at=NOON, amount_nano=7))
        assert not Lead.objects.exists()
        assert not PersonKey.objects.filter(value__in=["L1", "L2", "L9"]).exists()
        deal = Deal.objects.get()
        assert (deal.lead_ref[:7], deal.name) == ("erased:", "")
        assert not PersonMerge.objects.exists()

    def test_a_new_order_of_theirs_counts_without_a_name(self, lumen: Client, shop: Connection, known: Person) -> None:
        erasure.erase(lumen, known, OPERATOR)
        tell(lumen, shop, "orders", order("C1", ANA, 100, "N"))
        new = Order.objects.get(external_id="N")
        assert (new.email_hash, person("customer", new.customer_ref)) == ("", known.pk)

    def test_by_command_and_by_the_address_somebody_writes_from(
        self, lumen: Client, crm: Connection, capsys: pytest.CaptureFixture[str]
    ) -> None:
        tell(lumen, crm, "leads", lead("L1", email_hasher(lumen)("ana@leads.example")), lead("L2", BOB))
        with pytest.raises(CommandError, match="--yes"):
            call_command("erase_person", "lumen", "Ana@leads.example")
        assert Lead.objects.count() == 2
        call_command("erase_person", "lumen", "Ana@leads.example", "--yes")
        assert [row.external_id for row in Lead.objects.all()] == ["L2"]
        assert AuditEvent.objects.latest("pk").verb == "person.erased"
        assert "ana@" not in str(AuditEvent.objects.latest("pk").__dict__).lower()
        with pytest.raises(CommandError, match="Nobody"):
            call_command("erase_person", "lumen", "Ana@leads.example")
