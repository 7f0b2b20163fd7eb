"""Whatever is told, taken back, restated or decided, in whatever order: figures that were mended are those one would sum up anew."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import msgspec
import pytest
from django.db import transaction

from accounts.models import Client
from campaigns import choices as campaign_choices
from campaigns.connectors.base import Replaces
from campaigns.models import Campaign, CampaignAlias
from campaigns.models import ConversionAction as Action
from campaigns.origins import Rule
from campaigns.records import ConversionAction, Record
from kpis import recompute
from tests.campaigns.truth.rollups import roll_ups
from tests.kpis.decisions import SUMMED, Deciding
from tests.kpis.worlds import WORLDS, Answer, World, load, tell

STEPS = 12


class Life:
    """A client to whom a world is told bit by bit, and not always alike. Every step returns in words what it was."""

    def __init__(self, client: Client, world: World, seed: int) -> None:
        self.client, self.world, self.dice = client, world, Random(seed)
        self.deciding = Deciding(client, world.first, self.dice)

    def step(self) -> str:
        return self.dice.choice(
            [self.hear, self.hear, self.hear, self.decide, self.decide, self.count, self.believe, self.map, self.alias]
        )()

    def hear(self) -> str:
        """Some of the answers anew: as they were, with rows missing or with other figures, or with none at all."""
        heard = self.dice.sample(self.world.answers, 3)
        share = self.dice.choice([0.0, 0.2, 1.0])
        with transaction.atomic():
            for answer in heard:
                tell(self.client, self._otherwise(answer, share))
        return f"{[(answer.account.source, answer.family, str(answer.since)) for answer in heard]} are told, without {share:.0%}"

    def _otherwise(self, answer: Answer, missing: float) -> Answer:
        rows = [row for row in answer.rows if self.dice.random() >= missing or isinstance(row, ConversionAction)]
        restated = tuple(self._restated(row) if self.dice.random() < 0.1 else row for row in rows)
        return replace(answer, rows=restated, replaces=Replaces.WINDOW)

    def _restated(self, row: Record) -> Record:
        """With other figures."""
        names = [name for name, value in msgspec.structs.asdict(row).items() if isinstance(value, int) and not isinstance(value, bool)]
        return msgspec.structs.replace(row, **{name: self.dice.randrange(1000) for name in names})

    def decide(self) -> str:
        return self.deciding.choose(self.dice.choice(SUMMED))

    def believe(self) -> str:
        return self.deciding.believe(self.dice.choice(["leads", "customers", "revenue"]))

    def count(self) -> str:
        action, counts = self.dice.choice(list(Action.objects.order_by("pk"))), self.dice.choice([True, False, None])
        campaign_choices.count_action(self.client, action, counts)
        return f"{action} counts: {counts}"

    def map(self) -> str:
        rules = [Rule(self.dice.choice(["video", "offline"]), source=self.dice.choice(["news", "x", "*"]))][: self.dice.randrange(2)]
        campaign_choices.set_rules(self.client, rules, "somebody")
        return f"these rules hold: {rules}"

    def alias(self) -> str:
        known = list(Campaign.objects.order_by("pk"))
        if len(known) < 2:
            return "there are no two campaigns"
        one, other = self.dice.sample(known, 2)
        campaign_choices.give_alias(self.client, CampaignAlias.Kind.NAME, one.name, other)
        return f"{one} is {other}"


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 22))])
def test_every_table_of_figures_follows_whatever_happens(lumen: Client, seed: int) -> None:
    world = WORLDS["week 53"]()
    load(lumen, replace(world, answers=tuple(answer for answer in world.answers if answer.family != "email")))
    life, happened = Life(lumen, world, seed), []
    for _ in range(STEPS):
        happened.append(life.step())
        recompute.catch_up(lumen)
        mended = roll_ups()
        recompute.rebuild_all(lumen)
        anew = roll_ups()
        wrong = {table: sorted(set(mended[table]) ^ set(anew[table]))[:4] for table in anew if mended[table] != anew[table]}
        assert wrong == {}, "\n".join(happened)
