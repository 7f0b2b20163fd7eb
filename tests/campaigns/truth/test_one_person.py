"""One person of two systems is one person here, stays one however often both are read, and once erased never comes back."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.management import call_command
from django.db.models import Count, Q, Sum

from accounts.models import Client
from campaigns import loaded, people
from campaigns.models import Connection, Customer, Deal, Lead, Order, Person, PersonKey, PersonMerge, SubscriptionSpan
from campaigns.simulators.business import Ledger, figures
from campaigns.simulators.server import Simulator
from tests.campaigns.truth.companies import COMPANIES, ONE_DAY, TODAY, Clock, Company, connect, pull
from tests.campaigns.truth.ledgers import is_lead
from tests.campaigns.truth.stored import stored

LATER = TODAY + 12 * ONE_DAY
SYSTEMS = ("hubspot", "stripe")


@pytest.fixture
def accounts(client: Client, simulator: Simulator, company: Company) -> list[Connection]:
    return [account for source in SYSTEMS for account in connect(client, simulator, source, company.business)]


@pytest.fixture
def ledger(simulator: Simulator, company: Company) -> Ledger:
    return simulator.ledgers[company.business.slug]


def read(client: Client, accounts: list[Connection], day: date) -> None:
    for account in accounts:
        pull(client, account, day)


def read_everything_again(client: Client, accounts: list[Connection], day: date) -> None:
    """As if nothing had ever been read: all of history, in its pieces."""
    for account in accounts:
        for span in list(account.loaded_spans.all()):
            loaded.forget(account, span.family, (span.since, span.until))
    read(client, accounts, day)


def leads(ledger: Ledger, day: date) -> dict[str, figures.Contact]:
    return {one.id: one for one in ledger.contacts(ledger.story.opened_on, day, day) if is_lead(one)}


def both(ledger: Ledger, day: date) -> set[str]:
    """The addresses of those who are leads and customers."""
    customers = {customer.email for customer in ledger.customers(ledger.story.opened_on, day, day)}
    return {lead.email for lead in leads(ledger, day).values() if lead.email} & customers


def people_of_both() -> int:
    """People with a key of a lead that is stored and one of a customer."""
    of_leads = Q(keys__kind="lead", keys__value__in=Lead.objects.values("external_id"))
    of_customers = Q(keys__kind="customer", keys__value__in=Customer.objects.values("external_id"))
    counted = Person.objects.annotate(
        leads=Count("keys", filter=of_leads, distinct=True), customers=Count("keys", filter=of_customers, distinct=True)
    )
    return counted.filter(leads__gt=0, customers__gt=0).count()


def sums() -> dict[str, object]:
    """What is left of people whom nobody may know any more."""
    return {
        "orders": (Order.objects.count(), Order.objects.aggregate(total=Sum("amount_nano"))["total"]),
        "deals": (Deal.objects.count(), Deal.objects.aggregate(total=Sum("amount_nano"))["total"]),
        "customers": Customer.objects.count(),
        "mrr": SubscriptionSpan.objects.aggregate(total=Sum("mrr_nano"))["total"],
    }


@pytest.mark.parametrize(
    ("company", "order"),
    [
        pytest.param(COMPANIES["paris"], 1, id="paris-hubspot-first"),
        pytest.param(COMPANIES["london"], -1, id="london-stripe-first"),
        pytest.param(COMPANIES["new-york"], 1, id="new-york-hubspot-first", marks=pytest.mark.long),
        pytest.param(COMPANIES["new-york"], -1, id="new-york-stripe-first", marks=pytest.mark.long),
    ],
)
def test_whoever_is_a_lead_and_a_customer_is_one_person(
    client: Client, accounts: list[Connection], clock: Clock, ledger: Ledger, order: int
) -> None:
    for day in (TODAY, LATER):
        clock.today = day
        read(client, accounts[::order], day)
        assert people_of_both() == len(both(ledger, day))
        assert Lead.objects.count() == len(leads(ledger, day))
    assert both(ledger, LATER) > both(ledger, TODAY) or len(both(ledger, LATER)) > 5


def test_contacts_that_were_made_one_are_one_person_and_stay_so(
    client: Client, accounts: list[Connection], clock: Clock, ledger: Ledger
) -> None:
    read(client, accounts, TODAY)
    clock.today = LATER
    read(client, accounts, LATER)
    merged = [lead for lead in leads(ledger, LATER).values() if lead.merged_ids]
    assert merged
    before = Person.objects.count(), sorted(PersonKey.objects.values_list("kind", "value", "person"))
    for lead in merged:
        assert len({key.person_id for key in PersonKey.objects.filter(kind="lead", value__in=[lead.id, *lead.merged_ids])}) == 1
    read_everything_again(client, accounts, LATER)
    assert (Person.objects.count(), sorted(PersonKey.objects.values_list("kind", "value", "person"))) == before


def test_people_told_apart_by_hand_stay_apart(client: Client, accounts: list[Connection], clock: Clock, ledger: Ledger) -> None:
    """A merge that a person took back is not made again, whatever is read."""
    stripe_first = accounts[::-1]
    read(client, stripe_first, TODAY)
    clock.today = LATER
    read(client, stripe_first, LATER)
    merge = PersonMerge.objects.filter(undone_at=None).order_by("pk").first()
    assert merge
    people.take_back(merge)
    before = sorted(PersonKey.objects.values_list("kind", "value", "person"))
    read_everything_again(client, stripe_first, LATER)
    assert sorted(PersonKey.objects.values_list("kind", "value", "person")) == before


class TestErased:
    def erased(self, client: Client, ledger: Ledger, wanted: figures.Contact) -> None:
        before = sums()
        call_command("erase_person", client.slug, wanted.email, "--yes", verbosity=0)
        assert sums() == before

    def names(self, ledger: Ledger, one: figures.Contact, day: date) -> set[str]:
        """Everything by which the systems know this person on a day."""
        opened = ledger.story.opened_on
        customers = {row.id for row in ledger.customers(opened, day, day) if row.email == one.email}
        contacts = [{lead.id, *lead.merged_ids} for lead in ledger.contacts(opened, day, day)]
        return {one.id, *customers}.union(*(names for names in contacts if one.id in names))

    def anything_of(self, accounts: list[Connection], names: set[str], number: str) -> list[str]:
        """Keys, rows and free text that name them."""
        rows = [(key, row) for account in accounts for table in stored(account).values() for key, row in table.items()]
        held = [str(row) for key, row in rows if names & {str(cell) for cell in (*key, *row.values())} or number in str(row)]
        return held + [str(key) for key in PersonKey.objects.filter(value__in=names)]

    def read_again(self, client: Client, accounts: list[Connection], day: date) -> None:
        before = sums()
        read_everything_again(client, accounts, day)
        assert sums() == before

    @pytest.mark.parametrize("fate", ["won", "merged", "merged later"])
    def test_nothing_that_is_read_again_brings_them_back(
        self, client: Client, accounts: list[Connection], clock: Clock, ledger: Ledger, fate: str
    ) -> None:
        read(client, accounts, TODAY)
        known, then = leads(ledger, TODAY), leads(ledger, LATER)
        merged_later = {old for lead in then.values() for old in lead.merged_ids} & known.keys()
        deals = {deal.contact_id for deal in ledger.deals(ledger.story.opened_on, LATER, LATER)}
        chosen = {
            "won": [lead for lead in known.values() if lead.stage == "customer" and lead.id in deals and lead.email],
            "merged": [lead for lead in known.values() if lead.merged_ids],
            "merged later": [
                lead for pk, lead in known.items() if pk in merged_later and not lead.email.partition("@")[0].endswith(".perso")
            ],
        }[fate]
        one = chosen[0]
        names, called = self.names(ledger, one, TODAY), one.number or "nobody"
        assert self.anything_of(accounts, names, called)
        self.erased(client, ledger, one)
        assert self.anything_of(accounts, names, called) == []
        if fate != "merged later":
            self.read_again(client, accounts, TODAY)
            assert self.anything_of(accounts, names, called) == []
        clock.today = LATER
        names = self.names(ledger, one, LATER)
        read(client, accounts, LATER)
        assert self.anything_of(accounts, names, called) == []
        if fate == "merged later":
            self.read_again(client, accounts, LATER)
            assert self.anything_of(accounts, names, called) == []
        assert Lead.objects.count() == len(then.keys() - names)
