"""Whatever happens to what is told of people, in whatever order: customers that were mended are those one would find anew."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from django.core.management import call_command

from accounts.audit import OPERATOR
from accounts.models import Client
from accounts.services import keep_credential
from campaigns import choices as campaign_choices
from campaigns import connections, erasure, people, systems, undoing
from campaigns.models import Connection, Person, PersonMerge, Upload
from campaigns.origins import Rule
from campaigns.records import Customer, Deal, Gone, Lead, Order, Origin, Record, SubscriptionSpan, Touch
from campaigns.simulators.rates import euro_rates
from kpis import choices, recompute
from kpis.models import CustomerSpan, CustomerState
from tests.campaigns.test_people import tell
from tests.conftest import LoadText
from tests.kpis.test_customers import caught_up, kept

FIRST = date(2026, 8, 20)
STEPS, MANY_STEPS = 15, 40
# Few names, so that what is told is told of the same people again.
NAMES = 6
MAILS = [letter * 64 for letter in "abcdef"]
ORIGINS = [Origin(), Origin(source="paper"), Origin(channel="email"), Origin(channel="video", campaign="Summer"), Origin(source="x")]


class Life:
    """Two platforms and files tell of a few people. Every step returns in words what it was."""

    def __init__(self, client: Client, load_text: LoadText, path: Path, seed: int) -> None:
        self.client = client
        self.load_text = load_text
        self.path = path
        self.dice = Random(seed)
        self.sources = [
            Connection.objects.create(
                source=source,
                account="1",
                currency=currency,
                timezone="Europe/Paris",
                credential_id=keep_credential(source, {}, client=client).pk,
            )
            for source, currency in (("hubspot", "EUR"), ("stripe", "USD"))
        ]

    def told(self) -> str:
        source = self.dice.choice(self.sources)
        # No platform tells of deals and of orders.
        never = "orders" if source.source == "hubspot" else "deals"
        family, make = self.dice.choice([(family, make) for family, make in self._makers().items() if family != never])
        records = {record.day.isoformat() + self._id(record): record for record in (make() for _ in range(self.dice.randint(1, 5)))}
        once = {self._id(record): record for record in records.values()}
        tell(self.client, source, family, *once.values())
        return f"{source} tells {list(once.values())}"

    def gone(self) -> str:
        source = self.dice.choice(self.sources)
        kind, family = self.dice.choice([("lead", "leads"), ("deal", "deals"), ("touch", "touches"), ("order", "orders")])
        into = f"lead{self._number()}" if kind == "lead" and self.dice.random() < 0.5 else ""
        gone = Gone(day=self._at().date(), kind=kind, external_id=f"{kind}{self._number()}", merged_into=into)
        tell(self.client, source, family, gone)
        return f"{source} says {gone}"

    def file(self) -> str:
        kind, head, row = self.dice.choice(
            [
                ("orders", "order_id,customer_id,ordered_at,amount,kind,refund_of,currency,channel", self._order_row),
                ("customers", "customer_id,acquired_at,cancelled_at,channel", self._customer_row),
                ("subscriptions", "subscription_id,customer_id,started_at,ended_at,mrr,currency", self._subscription_row),
            ]
        )
        rows = {row.split(",")[0]: row for row in (row() for _ in range(self.dice.randint(1, 6)))}
        text = "\n".join([head, *rows.values()]) + "\n"
        self.load_text(self.client, kind, text)
        return f"a file of {kind}: {text}"

    def undo(self) -> str:
        uploads = list(Upload.objects.filter(state=Upload.State.STORED).order_by("pk"))
        if not uploads:
            return "nothing can be undone"
        upload = self.dice.choice(uploads)
        undoing.undo(self.client, upload)
        return f"upload {upload.pk} ({upload.kind}) is undone"

    def tell_apart(self) -> str:
        merges = list(PersonMerge.objects.filter(undone_at=None).order_by("pk"))
        if not merges:
            return "nobody was merged"
        merge = self.dice.choice(merges)
        people.tell_apart(self.client, merge)
        return f"{merge} is taken back"

    def erase(self) -> str:
        known = list(Person.objects.filter(keys__isnull=False).exclude(keys__value__startswith="erased:").distinct().order_by("pk"))
        if not known or self.dice.random() < 0.5:
            return "nobody is erased"
        person = self.dice.choice(known)
        erasure.erase(self.client, person, OPERATOR)
        return f"{person} is erased"

    def rules(self) -> str:
        rules = [
            Rule(self.dice.choice(["offline", "referral"]), source=self.dice.choice(["paper", "x"])) for _ in range(self.dice.randint(0, 1))
        ]
        campaign_choices.set_rules(self.client, rules, "somebody")
        return f"these rules hold: {rules}"

    def believe(self) -> str:
        subject = self.dice.choice(["leads", "customers", "revenue"])
        told = systems.candidates(subject)
        if not told:
            return "nobody can be believed"
        source = self.dice.choice(told)
        connections.choose_system(self.client, subject, source, OPERATOR)
        return f"{source} is believed about {subject}"

    def rates(self) -> str:
        self.path.write_text(euro_rates(date(2026, 11, 20), FIRST, seed=str(self.dice.random())))
        call_command("import_rates", self.path, verbosity=0)
        return "there are other rates"

    def decide(self) -> str:
        name, value = self.dice.choice(
            [("margin", self.dice.choice(["0.3", "0.5", None])), ("tax_basis", self.dice.choice(["net", "gross"]))]
        )
        since = self._at().date() if name == "margin" and self.dice.random() < 0.5 else None
        choices.choose(self.client, name, value, since, OPERATOR)
        return f"{name} is {value} since {since}"

    # ---------------------------------------------------------------------------------------------------------- what is told
    def _makers(self) -> dict[str, Callable[[], Record]]:
        return {
            "leads": self._lead, "deals": self._deal, "touches": self._touch, "orders": self._order, "customers": self._customer,
            "subscriptions": self._subscription,
        }  # fmt: skip

    def _lead(self) -> Lead:
        at = self._at()
        return Lead(
            day=at.date(),
            lead_id=f"lead{self._number()}",
            created_at=at,
            email_hash=self._mail(),
            customer_id=self._who(),
            origin=self._origin(),
        )

    def _deal(self) -> Deal:
        at, won = self._at(), self.dice.choice([self._at(), None])
        return Deal(
            day=at.date(), deal_id=f"deal{self._number()}", lead_id=f"lead{self._number()}", created_at=at, won_at=won,
            amount_nano=self.dice.choice([None, self._money()]),
        )  # fmt: skip

    def _touch(self) -> Touch:
        at, lead = self._at(), self.dice.choice([f"lead{self._number()}", ""])
        return Touch(day=at.date(), touch_id=f"touch{self._number()}", at=at, lead_id=lead, customer_id=self._who(), origin=self._origin())

    def _order(self) -> Order:
        at, kind = self._at(), self.dice.choice(["order", "order", "refund"])
        return Order(
            day=at.date(), order_id=f"order{self._number()}", ordered_at=at, kind=kind, tax_nano=self._money(), customer_id=self._who(),
            amount_nano=self._money() * (-1 if kind == "refund" else 1), email_hash=self._mail(), origin=self._origin(),
            currency=self.dice.choice(["", "CHF"]), refund_of=f"order{self._number()}" if kind == "refund" else "",
        )  # fmt: skip

    def _customer(self) -> Customer:
        at = self._at()
        return Customer(
            day=at.date(), customer_id=f"C{self._number()}", acquired_at=self.dice.choice([at, None]), origin=self._origin(),
            cancelled_at=self.dice.choice([at + timedelta(days=9), None]), email_hash=self._mail(),
        )  # fmt: skip

    def _subscription(self) -> SubscriptionSpan:
        at = self._at()
        return SubscriptionSpan(
            day=at.date(), subscription_id=f"S{self._number()}", customer_id=f"C{self._number()}", started_at=at,
            ended_at=self.dice.choice([at + timedelta(days=self.dice.randint(0, 50)), None]), mrr_nano=self._money(),
        )  # fmt: skip

    def _order_row(self) -> str:
        currency = self.dice.choice(["", "USD"])
        refunds = f"refund,O{self._number()}" if self.dice.random() < 0.2 else ","
        return f"O{self._number()},{self._who()},{self._at():%Y-%m-%d},{self.dice.randint(0, 99)},{refunds},{currency},email"

    def _customer_row(self) -> str:
        at = self._at()
        return f"C{self._number()},{at:%Y-%m-%d},{self.dice.choice(['', f'{at + timedelta(days=5):%Y-%m-%d}'])},referral"

    def _subscription_row(self) -> str:
        at = self._at()
        ended = self.dice.choice(["", f"{at + timedelta(days=self.dice.randint(0, 40)):%Y-%m-%d}"]) if at.month < 10 else ""
        return f"S{self._number()},C{self._number()},{at:%Y-%m-%d},{ended},{self.dice.randint(0, 99)},"

    def _id(self, record: Record) -> str:
        return str(
            next(
                getattr(record, name)
                for name in ("order_id", "touch_id", "deal_id", "subscription_id", "lead_id", "customer_id")
                if getattr(record, name, "")
            )
        )

    def _number(self) -> int:
        return self.dice.randint(1, NAMES)

    def _who(self) -> str:
        return self.dice.choice(["", f"C{self._number()}"])

    def _mail(self) -> str:
        return self.dice.choice(["", "", *MAILS])

    def _origin(self) -> Origin:
        return self.dice.choice(ORIGINS)

    def _money(self) -> int:
        return self.dice.randint(0, 10**12)

    def _at(self) -> datetime:
        """Noon, so that no zone moves the day."""
        return datetime.combine(FIRST + timedelta(days=self.dice.randint(0, 90)), datetime.min.time(), UTC) + timedelta(hours=12)


@pytest.mark.parametrize("seed", [1, 2, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(3, 23))])
def test_customers_follow_the_facts_whatever_happens(lumen: Client, load_text: LoadText, tmp_path: Path, seed: int) -> None:
    life = Life(lumen, load_text, tmp_path / "rates.csv", seed)
    steps = [
        life.told, life.told, life.told, life.gone, life.file, life.undo, life.tell_apart, life.erase, life.rules, life.believe, life.rates,
        life.decide,
    ]  # fmt: skip
    happened, most = [], 0
    for step in range(STEPS if seed < 3 else MANY_STEPS):
        happened.append((life.dice.choice(steps) if step > 4 else life.told)())
        recompute.catch_up(lumen)
        mended = kept()
        recompute.rebuild_all(lumen)
        assert mended == kept(), "\n".join(happened)
        most = max(most, CustomerState.objects.count())
    assert most


def test_a_subscription_that_turns_out_to_be_another_customers_is_theirs(lumen: Client) -> None:
    """They were a customer before, so that nothing else of them changes."""
    shop = Connection.objects.create(source="stripe", account="1", currency="EUR", timezone="Europe/Paris")
    at = datetime(2026, 9, 1, 10, tzinfo=UTC)
    for customer in ("C1", "C2"):
        order = Order(day=FIRST, order_id=customer, ordered_at=at - timedelta(days=12), amount_nano=10**9, customer_id=customer)
        tell(lumen, shop, "orders", order)
    for customer in ("C1", "C2"):
        tell(lumen, shop, "subscriptions", SubscriptionSpan(
            day=at.date(), subscription_id="S1", customer_id=customer, started_at=at, mrr_nano=10**9))  # fmt: skip
        caught_up(lumen)
        assert [who.person_id for who in CustomerSpan.objects.all()] == [Person.objects.get(keys__value=customer).pk]
