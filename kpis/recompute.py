"""Rebuild the roll-ups of the days that changed, in one transaction: readers see the old figures or the new, never a mixture."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import date
from typing import Any

from django.db import transaction

from accounts.models import Client
from campaigns import dirty, systems
from campaigns.streams import execute
from campaigns.tables import TABLES
from campaigns.writer import be_the_only_writer
from kpis import choices, leads, signals
from kpis.customers import states
from kpis.models import LAYOUT
from kpis.roll_ups import ROLL_UPS, RollUp

KIND = "kpis.recompute"
# Changed days by family of facts.
Changed = dict[str, set[date]]


def catch_up(client: Client, effect: AbstractContextManager[None] | None = None) -> int:
    """Rebuild every changed day of the client whose schema is open; return how many days. One rebuild per client at a time.

    `effect` is the transaction of the job that asks; without it, one of its own.
    """
    with effect or transaction.atomic():
        be_the_only_writer(client)
        if not dirty.is_marked():
            return 0
        changed = _take_changed_days()
        _add(changed, _of_other_tellers(changed))
        asked = parameters(client)
        moved = states.refresh(changed, asked)
        _add(changed, {"acquired": moved.days})
        _add(changed, leads.refresh(changed, asked, moved.people))
        for roll_up in ROLL_UPS:
            rebuild(roll_up, {day for family in roll_up.families for day in changed.get(family, ())}, asked)
        _next_data_version()
        signals.figures_changed.send(sender=None, client=client)
        return sum(len(days) for days in changed.values())


def rebuild_all(client: Client) -> None:
    """Rebuild everything from the facts alone, then take the marks as done.

    For facts that came back with the number of their figures: it is raised only by marks that came with them.
    """
    with transaction.atomic():
        be_the_only_writer(client)
        asked = parameters(client)
        states.rebuild(asked)
        leads.rebuild(asked)
        for roll_up in ROLL_UPS:
            days = _days_of(client, roll_up)
            for table in roll_up.tables:
                execute(f"DELETE FROM {table} WHERE day <> ALL(%(days)s)", {"days": sorted(days)})
            rebuild(roll_up, days, asked)
        execute("UPDATE kpis_dataversion SET layout = %(layout)s", {"layout": LAYOUT})
        catch_up(client)


def rebuild_anew(client: Client) -> None:
    """Rebuild everything and say that figures changed: for what no mark tells, such as another currency."""
    with transaction.atomic():
        rebuild_all(client)
        _next_data_version()
        signals.figures_changed.send(sender=None, client=client)


def rebuild(roll_up: RollUp, days: set[date], asked: dict[str, Any]) -> None:
    """Sum the facts of these days anew."""
    if not days:
        return
    asked = {**asked, "days": sorted(days)}
    for statement in roll_up.statements:
        execute(statement, asked)
    if roll_up.basis:
        execute("DELETE FROM kpis_basisday WHERE family = %(family)s AND day = ANY(%(days)s)", {**asked, "family": roll_up.name})
        execute(
            f"""INSERT INTO kpis_basisday (family, day, channel, told_by, basis)
                SELECT DISTINCT %(family)s, said.day, said.channel, said.told_by, said.basis FROM ({roll_up.basis}) AS said
                WHERE said.basis <> ''""",
            {**asked, "family": roll_up.name},
        )


def data_version() -> int:
    """Number of rebuilds so far; equal numbers mean equal figures."""
    return int(execute("SELECT coalesce(max(number), 0) FROM kpis_dataversion")[0][0])


def parameters(client: Client) -> dict[str, Any]:
    """What the queries of `kpis.facts` ask for, but for the days."""
    return {"currency": client.currency, "zone": client.timezone, **systems.in_force(), **choices.in_force().parameters()}


def _add(changed: Changed, more: Changed) -> None:
    for family, days in more.items():
        changed.setdefault(family, set()).update(days)


def _of_other_tellers(changed: Changed) -> Changed:
    """The days of mail of accounts that may have got their first mailing, or lost their last: that decides whether these days count.

    Who has a mailing of a day that did not change had it before; who never told of mailings has none to lose.
    """
    if "email" not in changed:
        return {}
    days = execute(
        """SELECT DISTINCT told.day FROM campaigns_emailday AS told WHERE told.connection_id IN (
               SELECT source.id FROM campaigns_connection AS source
               WHERE EXISTS (SELECT 1 FROM campaigns_pull AS pull WHERE pull.connection_id = source.id AND pull.family = 'email')
               AND NOT EXISTS (SELECT 1 FROM campaigns_emailsend AS send
                   WHERE send.connection_id = source.id AND send.day <> ALL(%(days)s)))""",
        {"days": sorted(changed["email"])},
    )
    return {"email_days": {day for (day,) in days}}


def _days_of(client: Client, roll_up: RollUp) -> set[date]:
    """Every day on which the roll-up may have a row."""
    tables = [table for table in TABLES if table.family in roll_up.families]
    spans = [f"SELECT DISTINCT day, {table.until or 'day'} AS until FROM {table.name}" for table in tables]
    days = [f"SELECT generate_series(day, until, '1 day')::date FROM ({span}) AS told" for span in spans]
    days += [f"SELECT ({column} AT TIME ZONE %(zone)s)::date FROM {table.name}" for table in tables for column in table.instants]
    if "acquired" in roll_up.families:
        days.append("SELECT acquired_day FROM kpis_customerstate")
    if "leads" in roll_up.families:
        days += [f"SELECT {column} FROM kpis_leadstate" for column in ("mql_day", "sql_day", "won_day")]
    return {day for (day,) in execute(" UNION ".join(days), {"zone": client.timezone}) if day}


def _take_changed_days() -> Changed:
    changed: Changed = {}
    for family, day in execute("DELETE FROM campaigns_dirtyday RETURNING family, day"):
        changed.setdefault(family, set()).add(day)
    return changed


def _next_data_version() -> None:
    execute(
        """INSERT INTO kpis_dataversion AS current (id, number, layout) VALUES (1, 1, %(layout)s)
           ON CONFLICT (id) DO UPDATE SET number = current.number + 1, layout = %(layout)s""",
        {"layout": LAYOUT},
    )
