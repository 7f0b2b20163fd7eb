"""Whatever happens to the facts, in whatever order: the figures that were mended day by day are those one would sum up anew."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from random import Random

import pytest
from django.core.management import call_command

from accounts.audit import OPERATOR
from accounts.models import Client
from campaigns import choices, erasure, people, undoing
from campaigns.channels import CHANNELS
from campaigns.models import Campaign, CampaignAlias, Connection, ConversionAction, Person, PersonMerge, Upload
from campaigns.origins import Rule
from campaigns.simulators.business import Ledger
from campaigns.simulators.rates import euro_rates
from campaigns.simulators.server import Simulator
from kpis import recompute
from tests.campaigns.truth.companies import ONE_DAY, TODAY, Clock, Company, connect, pull
from tests.campaigns.truth.rollups import roll_ups
from tests.conftest import LoadText
from tests.kpis.decisions import SUMMED, Deciding

# Days of history: few, for every step sums up all of them.
REACH = 24
STEPS = 15


class Life:
    """A client to whom anything may happen. Every step returns in words what it was."""

    def __init__(
        self, client: Client, clock: Clock, ledger: Ledger, accounts: list[Connection], load_text: LoadText, path: Path, seed: int
    ) -> None:
        self.client = client
        self.clock = clock
        self.ledger = ledger
        self.accounts = accounts
        self.load_text = load_text
        self.path = path
        self.dice = Random(seed)
        self.deciding = Deciding(client, TODAY - REACH * ONE_DAY, self.dice)

    def pull(self) -> str:
        account = self.dice.choice(self.accounts)
        pull(self.client, account, self.clock.today)
        return f"{account.source} is read"

    def restate(self) -> str:
        self.clock.today += self.dice.randint(1, 6) * ONE_DAY
        return f"it is {self.clock.today}, and {self.pull()}"

    def import_file(self) -> str:
        kind = self.dice.choice(["ads", "leads", "orders", "costs"])
        rows = [getattr(self, f"_{kind}")(number) for number in range(self.dice.randint(1, 12))]
        head = {
            "ads": "date,source,account,campaign_id,campaign,channel,impressions,clicks,spend,currency",
            "leads": "lead_id,created_at,campaign,channel,won_at,email",
            "orders": "order_id,ordered_at,amount,currency,campaign,email_of",
            "costs": "date,name,amount",
        }[kind].replace(",email_of", "")
        self.load_text(self.client, kind, "\n".join([head, *rows]) + "\n")
        return f"{len(rows)} {kind} are imported"

    def undo(self) -> str:
        uploads = list(Upload.objects.filter(state=Upload.State.STORED).order_by("pk"))
        if not uploads:
            return "nothing can be undone"
        upload = self.dice.choice(uploads)
        undoing.undo(self.client, upload)
        return f"upload {upload.pk} ({upload.kind}) is undone"

    def merge(self) -> str:
        """A person makes two campaigns one, or two people out of one."""
        campaigns = list(Campaign.objects.order_by("pk"))
        merges = list(PersonMerge.objects.filter(undone_at=None).order_by("pk"))
        if merges and self.dice.random() < 0.3:
            people.take_back(self.dice.choice(merges))
            return "two people are told apart"
        if len(campaigns) < 2:
            return "there are no two campaigns"
        one, other = self.dice.sample(campaigns, 2)
        choices.give_alias(self.client, CampaignAlias.Kind.NAME, one.name, other)
        return f"{one} is {other}"

    def erase(self) -> str:
        known = list(Person.objects.filter(keys__kind="lead").exclude(keys__value__startswith="erased:").distinct().order_by("pk"))
        if not known:
            return "nobody is known"
        person = self.dice.choice(known)
        told = erasure.known_of(person)
        erasure.erase(self.client, person, OPERATOR)
        return f"{told} is erased"

    def change_rules(self) -> str:
        campaigns = [campaign.name for campaign in Campaign.objects.order_by("pk")] or ["x"]
        patterns = ["*", "google", "inst*"]
        rules = [
            Rule(self.dice.choice(sorted(CHANNELS)), source=self.dice.choice(patterns), campaign=self.dice.choice(["*", *campaigns]))
            for _ in range(self.dice.randint(0, 3))
        ]
        choices.set_rules(self.client, rules, "somebody")
        return f"these rules hold: {rules}"

    def choose_conversions(self) -> str:
        actions = list(ConversionAction.objects.order_by("pk"))
        if not actions:
            return "no conversions are known"
        action, counts = self.dice.choice(actions), self.dice.choice([True, False, None])
        choices.count_action(self.client, action, counts)
        return f"{action} counts: {counts}"

    def believe(self) -> str:
        return self.deciding.believe(self.dice.choice(["leads", "customers", "revenue", "revenue"]))

    def decide(self) -> str:
        return self.deciding.choose(self.dice.choice(SUMMED))

    def publish_rates(self) -> str:
        self.path.write_text(euro_rates(TODAY + 9 * ONE_DAY, TODAY - 2 * REACH * ONE_DAY, seed=str(self.dice.random())))
        call_command("import_rates", self.path, verbosity=0)
        return "there are other rates"

    # ------------------------------------------------------------------------------------------------- rows of files
    def _ads(self, number: int) -> str:
        campaign = self.dice.choice(self.ledger.business.campaigns)
        name = self.dice.choice([campaign.name, "Only here"]).replace(",", " ")
        channel, money = self.dice.choice(["display", "paid_search"]), self.dice.randint(1, 900)
        return f"{self._day()},meta_ads,1,{number},{name} {number % 3},{channel},{number + 9},{number},{money},EUR"

    def _leads(self, number: int) -> str:
        created = self._day()
        won = f"{created + self.dice.randint(0, 9) * ONE_DAY}T12:00:00" if self.dice.random() < 0.4 else ""
        contacts = self.ledger.contacts(TODAY - REACH * ONE_DAY, TODAY, TODAY)
        address = self.dice.choice([self.dice.choice(contacts).email, ""])
        channel = self.dice.choice(["", "", "referral"])
        return f"L{self.dice.randint(1, 20)}-{number},{created}T23:30:00,{self._campaign()},{channel},{won},{address}"

    def _orders(self, number: int) -> str:
        currency, money = self.dice.choice(["EUR", "CHF", "USD"]), self.dice.randint(1, 99_999) / 100
        return f"O{self.dice.randint(1, 9)}-{number},{self._day()}T00:30:00,{money},{currency},{self._campaign()}"

    def _costs(self, number: int) -> str:
        return f"{self._day()},fair {number},{self.dice.randint(1, 500)}"

    def _campaign(self) -> str:
        return self.dice.choice(["", "Only here 1", self.dice.choice(self.ledger.business.campaigns).name])

    def _day(self) -> date:
        return TODAY - self.dice.randint(0, REACH - 1) * ONE_DAY


@pytest.mark.parametrize("seed", [1, 2, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(3, 23))])
def test_figures_follow_the_facts_whatever_happens(
    client: Client, simulator: Simulator, clock: Clock, company: Company, load_text: LoadText, tmp_path: Path, seed: int
) -> None:
    accounts = [
        account for source in ("google_ads", "hubspot", "stripe") for account in connect(client, simulator, source, company.business)
    ]
    Connection.objects.update(files_until=TODAY - (REACH + 1) * ONE_DAY)
    for account in accounts:
        account.refresh_from_db()
    life = Life(client, clock, simulator.ledgers[company.business.slug], accounts, load_text, tmp_path / "rates.csv", seed)
    steps: list[Callable[[], str]] = [
        life.pull, life.restate, life.import_file, life.undo, life.merge, life.erase, life.change_rules, life.choose_conversions,
        life.believe, life.decide, life.publish_rates,
    ]  # fmt: skip
    happened = []
    for _ in range(STEPS):
        happened.append(life.dice.choice([life.pull, *steps])())
        recompute.catch_up(client)
        mended = roll_ups()
        recompute.rebuild_all(client)
        assert mended == roll_ups(), "\n".join(happened)
