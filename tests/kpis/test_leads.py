"""When leads are qualified, by whatever rule their client has, and that no change of what was told leaves a figure behind."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction

from accounts.audit import OPERATOR
from accounts.models import Client
from accounts.services import keep_credential
from campaigns import choices as channel_choices
from campaigns import connections, erasure, people, systems, undoing
from campaigns.connectors.base import Replaces
from campaigns.models import Connection, Person, PersonMerge, Upload
from campaigns.origins import Rule
from campaigns.records import Deal, Gone, Lead, Order, Origin, Record, Touch
from campaigns.spool import Spool
from campaigns.streams import Window, execute
from campaigns.sync import store
from jobs import worker
from kpis import choices, query, recompute
from kpis.periods import Period
from kpis.query import By
from kpis.roll_ups import BY_NAME
from tests.conftest import LoadText

NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))
HEAD = "lead_id,created_at,score,mql_at,sql_at,customer_id,channel\n"
TOUCHES = "lead_id,customer_id,at,channel,kind,asset\n"
VISITS_AND_PAPER = '{"kind": "events", "all": [{"kind": "visit", "times": 10}, {"kind": "download", "asset": "white paper*", "times": 1}]}'
# Somebody each week, so that all days between are known.
LEADS = HEAD + "".join(f"{day},{day}T10:00:00,,,,,email\n" for day in ("2026-10-31", "2026-11-07", "2026-11-14", "2026-11-21"))
ONE_DAY = timedelta(days=1)


def days(slug: str) -> dict[int, int]:
    """The days of November on which a KPI is not zero."""
    answer = query.ask(NOVEMBER, By.DAY, slugs=[slug])
    found = {part.period.since.day: part.values([slug], answer.coverage)[slug].value.exact for part in answer.groups}
    return {day: int(value) for day, value in found.items() if value}


def choose(name: str, value: str, *, since: str = "") -> None:
    call_command("choose", "lumen", name, value, *(["--since", since] if since else []), verbosity=0)


def visits(lead: str, first: int, count: int) -> str:
    return "".join(f"{lead},,2026-11-{first + number:02}T09:00:00,email,visit,\n" for number in range(count))


class TestQualifying:
    def test_the_system_of_record_says_it_unless_the_client_has_a_rule(self, lumen: Client, load_text: LoadText) -> None:
        load_text(lumen, "leads", LEADS + "L1,2026-11-02T10:00:00,80,2026-11-05T10:00:00,2026-11-06T10:00:00,,email\n")
        worker.work_off()
        assert (days("leads"), days("mql"), days("sql")) == ({2: 1, 7: 1, 14: 1, 21: 1}, {5: 1}, {6: 1})

    def test_by_its_score_a_lead_counts_on_the_day_it_was_created(self, lumen: Client, load_text: LoadText) -> None:
        rows = [
            "L1,2026-11-02T10:00:00,80,2026-11-05T10:00:00,,,email",
            "L2,2026-11-03T10:00:00,49,,,,email",
            "L3,2026-11-04T10:00:00,,,,,email",
        ]
        load_text(lumen, "leads", LEADS + "\n".join(rows) + "\n")
        choose("mql_rule", '{"kind": "score", "at_least": 50}')
        assert days("mql") == {2: 1}

    def test_ten_visits_and_a_white_paper_are_needed_and_counted_once(self, lumen: Client, load_text: LoadText) -> None:
        """L1 reads the paper before its tenth visit, L2 after; L3 reads another, and L4 visits nine times."""
        load_text(lumen, "leads", LEADS + "".join(f"L{number},2026-11-01T08:00:00,,,,,email\n" for number in (1, 2, 3, 4)))
        touches = visits("L1", 1, 12) + visits("L2", 1, 10) + visits("L3", 1, 10) + visits("L4", 1, 9)
        papers = {
            "L1": ("05", "White Paper 2026"),
            "L2": ("18", "white paper"),
            "L3": ("05", "Our white paper"),
            "L4": ("05", "White paper"),
        }
        touches += "".join(f"{lead},,2026-11-{day}T12:00:00,email,download,{asset}\n" for lead, (day, asset) in papers.items())
        load_text(lumen, "touchpoints", TOUCHES + touches + "L1,,2026-11-19T12:00:00,email,download,White paper\n")
        choose("mql_rule", VISITS_AND_PAPER)
        assert days("mql") == {10: 1, 18: 1}
        load_text(lumen, "touchpoints", TOUCHES + visits("L1", 14, 8) + "L4,,2026-11-10T23:30:00,email,visit,\n")
        worker.work_off()
        assert days("mql") == {10: 2, 18: 1}

    def test_what_somebody_did_under_another_name_counts_but_nobody_is_qualified_before_they_are_a_lead(
        self, lumen: Client, load_text: LoadText
    ) -> None:
        load_text(
            lumen, "touchpoints", TOUCHES + ",C1,2026-11-03T10:00:00,email,download,White paper\n,C1,2026-11-05T10:00:00,email,visit,\n"
        )
        load_text(lumen, "leads", LEADS + "L1,2026-11-04T10:00:00,,,,C1,email\nL2,2026-11-09T10:00:00,,,,,email\n")
        choose("mql_rule", '{"kind": "events", "all": [{"kind": "download"}]}')
        choose("sql_rule", '{"kind": "events", "all": [{"kind": "visit"}]}')
        assert (days("mql"), days("sql")) == ({4: 1}, {5: 1})

    def test_a_file_of_touches_that_is_taken_back_takes_the_qualification_with_it(self, lumen: Client, load_text: LoadText) -> None:
        load_text(lumen, "leads", LEADS + "L1,2026-11-01T08:00:00,,,,,email\n")
        load_text(lumen, "touchpoints", TOUCHES + visits("L1", 1, 9))
        load_text(lumen, "touchpoints", TOUCHES + "L1,,2026-11-12T09:00:00,email,visit,\nL1,,2026-11-14T09:00:00,email,visit,\n")
        choose("mql_rule", '{"kind": "events", "all": [{"kind": "visit", "times": 10}]}')
        assert days("mql") == {12: 1}
        undoing.undo(lumen, Upload.objects.get(pulls__family="touches", pulls__since="2026-11-12"))
        worker.work_off()
        assert days("mql") == {}

    def test_a_rule_from_a_day_on_leaves_older_leads_alone(self, lumen: Client, load_text: LoadText) -> None:
        rows = [f"L{day},2026-11-{day:02}T08:00:00,60,2026-11-{day + 1:02}T08:00:00,,,email" for day in (2, 10, 20)]
        load_text(lumen, "leads", LEADS + "\n".join(rows) + "\n")
        choose("mql_rule", '{"kind": "score", "at_least": 50}', since="2026-11-10")
        assert days("mql") == {3: 1, 10: 1, 20: 1}
        choose("mql_rule", '{"kind": "score", "at_least": 90}', since="2026-11-15")
        assert days("mql") == {3: 1, 10: 1}
        choose("mql_rule", '{"kind": "reported"}')
        assert days("mql") == {3: 1, 11: 1, 21: 1}

    def test_mqls_that_became_sales_qualified_are_told_on_the_day_of_the_first_step(self, lumen: Client, load_text: LoadText) -> None:
        rows = (
            "L1,2026-11-02T10:00:00,,2026-11-05T10:00:00,2026-11-20T10:00:00,,email\nL2,2026-11-02T10:00:00,,2026-11-05T10:00:00,,,email\n"
        )
        load_text(lumen, "leads", LEADS + rows)
        worker.work_off()
        answer = query.ask(Period(date(2026, 11, 5), date(2026, 11, 5)), slugs=["mql_to_sql"])
        assert str(answer.total.values(["mql_to_sql"], answer.coverage)["mql_to_sql"].value.decimal) == "0.5"


@pytest.fixture
def crm(lumen: Client) -> Connection:
    credential = keep_credential("hubspot", {}, client=lumen)
    return Connection.objects.create(source="hubspot", account="1", currency="EUR", timezone="Europe/Paris", credential_id=credential.pk)


def tell(client: Client, source: Connection, family: str, *records: Record) -> None:
    with Spool() as spool, transaction.atomic():
        for record in records:
            spool.write(record)
        store(client, source, spool, window=Window(family, NOVEMBER.since, NOVEMBER.until, Replaces.KEYED))


def noon(day: int) -> datetime:
    return datetime(2026, 11, 1, 12, tzinfo=UTC) + (day - 1) * ONE_DAY


class TestDeals:
    def lead(self, number: int, day: int, **more: Any) -> Lead:
        return Lead(day=noon(day).date(), lead_id=f"L{number}", created_at=noon(day), **more)

    def deal(self, number: int, lead: int, opened: int, won: int | None) -> Deal:
        won_at = noon(won) if won else None
        return Deal(day=noon(opened).date(), deal_id=f"D{number}", lead_id=f"L{lead}", created_at=noon(opened), won_at=won_at)

    def test_leads_tell_what_was_won_until_the_first_deal_does(self, lumen: Client, crm: Connection) -> None:
        tell(lumen, crm, "leads", self.lead(1, 2, won_at=noon(6)), self.lead(2, 3))
        worker.work_off()
        assert (days("won"), days("lead_to_customer")) == ({6: 1}, {2: 1})
        tell(lumen, crm, "deals", self.deal(1, 2, 4, 9))
        worker.work_off()
        assert (days("won"), days("lead_to_customer")) == ({9: 1}, {2: 1, 3: 1})
        tell(lumen, crm, "deals", Gone(day=noon(9).date(), kind="deal", external_id="D1"))
        worker.work_off()
        assert (days("won"), days("lead_to_customer")) == ({6: 1}, {2: 1})

    def test_a_deal_that_is_given_to_another_lead_makes_that_one_a_customer(self, lumen: Client, crm: Connection) -> None:
        tell(lumen, crm, "leads", self.lead(1, 2), self.lead(2, 3))
        tell(lumen, crm, "deals", self.deal(1, 1, 4, 9))
        worker.work_off()
        assert days("lead_to_customer") == {2: 1}
        tell(lumen, crm, "deals", self.deal(1, 2, 4, 9))
        worker.work_off()
        assert days("lead_to_customer") == {3: 1}


TABLES = ("kpis_leadstate", *BY_NAME["leads"].tables, *BY_NAME["orders"].tables)


def stored() -> dict[str, list[str]]:
    return {table: sorted(row for (row,) in execute(f"SELECT kept::text FROM {table} AS kept")) for table in TABLES}


class Life:
    """Anything that may happen to leads. Every step says in words what it was."""

    def __init__(self, client: Client, crm: Connection, load_text: LoadText, seed: int) -> None:
        self.client = client
        self.crm = crm
        self.load_text = load_text
        self.dice = Random(seed)

    def step(self) -> str:
        steps = (
            self.leads, self.leads, self.deals, self.deals, self.touches, self.touches, self.gone, self.file, self.orders, self.undo,
            self.rule, self.rule, self.believe, self.erase, self.channels, self.tell_apart,
        )  # fmt: skip
        return str(self.dice.choice(steps)())

    def moment(self) -> datetime:
        return datetime(2026, 11, 1, 23, 30, tzinfo=UTC) + self.dice.randint(0, 20) * ONE_DAY

    def maybe(self) -> datetime | None:
        return self.moment() if self.dice.random() < 0.4 else None

    def number(self) -> int:
        return self.dice.randint(1, 6)

    def leads(self) -> str:
        number, created = self.number(), self.moment()
        lead = Lead(
            day=(created + timedelta(hours=1)).date(), lead_id=f"L{number}", created_at=created, mql_at=self.maybe(), sql_at=self.maybe(),
            won_at=self.maybe(), score=self.dice.choice([None, 10, 60]), origin=self.origin(),
            customer_id=self.dice.choice(["", "", f"C{self.number()}"]), email_hash=self.dice.choice(["", "", "a" * 64, "b" * 64]),
        )  # fmt: skip
        tell(self.client, self.crm, "leads", lead)
        return repr(lead)

    def deals(self) -> str:
        created = self.moment()
        lead = self.dice.choice(["", f"L{self.number()}", f"L{self.number()}"])
        deal = Deal(
            day=(created + timedelta(hours=1)).date(), deal_id=f"D{self.number()}", lead_id=lead, created_at=created, won_at=self.maybe(),
            lost_at=self.maybe(), amount_nano=self.dice.randint(1, 9) * 10**9,
        )  # fmt: skip
        tell(self.client, self.crm, "deals", deal)
        return repr(deal)

    def touches(self) -> str:
        touches = [self.touch() for _ in range(3)]
        tell(self.client, self.crm, "touches", *{touch.touch_id: touch for touch in touches}.values())
        return repr(touches)

    def touch(self) -> Touch:
        at, number = self.moment(), self.number()
        lead, customer = self.dice.choice([(f"L{number}", ""), (f"L{number}", ""), ("", f"C{number}"), (f"L{number}", f"C{number}")])
        kind, asset = self.dice.choice([("visit", ""), ("visit", ""), ("download", "White paper"), ("download", "Price list")])
        return Touch(
            day=(at + timedelta(hours=1)).date(),
            touch_id=f"T{self.dice.randint(1, 30)}",
            at=at,
            kind=kind,
            asset=asset,
            lead_id=lead,
            customer_id=customer,
        )

    def gone(self) -> str:
        kind = self.dice.choice(["lead", "deal", "touch", "touch"])
        said = Gone(day=self.moment().date(), kind=kind, external_id=f"{kind[0].upper()}{self.number()}")
        tell(self.client, self.crm, {"lead": "leads", "deal": "deals", "touch": "touches"}[kind], said)
        return repr(said)

    def file(self) -> str:
        rows = [f"L{number},{self.moment():%Y-%m-%dT%H:%M:%S},60,,,,referral" for number in {self.number(), self.number()}]
        self.load_text(self.client, "leads", HEAD + "\n".join(rows) + "\n")
        return f"file {rows}"

    def orders(self) -> str:
        at = self.moment()
        order = Order(
            day=(at + timedelta(hours=1)).date(), order_id=f"O{self.number()}", ordered_at=at, amount_nano=10**9,
            customer_id=f"C{self.number()}", email_hash=self.dice.choice(["", "a" * 64]),
        )  # fmt: skip
        shop = Connection.objects.get_or_create(source="stripe", account="1", currency="EUR", timezone="Europe/Paris")[0]
        tell(self.client, shop, "orders", order)
        return repr(order)

    def undo(self) -> str:
        uploads = list(Upload.objects.filter(state=Upload.State.STORED).order_by("pk"))
        if not uploads:
            return "nothing can be undone"
        undoing.undo(self.client, self.dice.choice(uploads))
        return "a file is taken back"

    def rule(self) -> str:
        conditions = [{"kind": "visit", "times": self.dice.randint(1, 3)}, {"kind": "download", "asset": "white*", "times": 1}]
        events = {"kind": "events", "all": self.dice.choice([conditions, conditions[:1], conditions[1:]])}
        rule = self.dice.choice([events, events, {"kind": "score", "at_least": 50}, {"kind": "reported"}])
        name, since = self.dice.choice(["mql_rule", "sql_rule"]), self.dice.choice([None, self.moment().date()])
        choices.choose(self.client, name, rule, since, OPERATOR)
        return f"{name} from {since}: {rule}"

    def believe(self) -> str:
        subject = self.dice.choice(["leads", "revenue"])
        if not (told := systems.candidates(subject)):
            return "nobody can be believed"
        source = self.dice.choice(told)
        connections.choose_system(self.client, subject, source, OPERATOR)
        return f"{source} is believed about {subject}"

    def erase(self) -> str:
        known = list(Person.objects.filter(keys__kind="lead").exclude(keys__value__startswith="erased:").distinct().order_by("pk"))
        if not known or self.dice.random() < 0.7:
            return "nobody is erased"
        erasure.erase(self.client, self.dice.choice(known), OPERATOR)
        return "somebody is erased"

    def tell_apart(self) -> str:
        merges = list(PersonMerge.objects.filter(undone_at=None).order_by("pk"))
        if not merges:
            return "nobody is two"
        people.tell_apart(self.client, self.dice.choice(merges))
        return "two people are told apart"

    def channels(self) -> str:
        channel = self.dice.choice(["affiliation", "display", "video"])
        channel_choices.set_rules(self.client, [Rule(channel, source="google")], "somebody")
        return f"google is {channel}"

    def origin(self) -> Origin:
        return self.dice.choice([Origin(source="google", medium="organic"), Origin(channel="email"), Origin(campaign="Brand")])


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_happens_the_figures_are_those_one_would_sum_up_anew(
    lumen: Client, crm: Connection, load_text: LoadText, seed: int
) -> None:
    life = Life(lumen, crm, load_text, seed)
    told = []
    for _ in range(40):
        told.append(life.step())
        recompute.catch_up(lumen)
        mended = stored()
        with transaction.atomic():
            recompute.rebuild_all(lumen)
            anew = stored()
            transaction.set_rollback(True)
        assert mended == anew, "\n".join(told)
    assert mended["kpis_leadstate"]
