"""How a connection stands, read from the newest pull of each of its streams."""

from __future__ import annotations

from datetime import datetime

from accounts.models import Client
from campaigns.connectors.base import Connector
from campaigns.models import Connection, Pull
from campaigns.plan import Ask
from campaigns.standings import telling

# What a person must see, the worst first, and what the connection is then.
TROUBLE = {
    Pull.State.LOST: Connection.State.LOST_ACCESS,
    Pull.State.SUSPECT: Connection.State.SUSPECT,
    Pull.State.FAILED: Connection.State.SUSPECT,
}


def newest(source: Connection) -> dict[str, Pull]:
    """The newest pull of each family that the platform was asked for."""
    pulls = Pull.objects.filter(connection=source, file_name=None).order_by("family", "-pk").distinct("family")
    return {pull.family: pull for pull in pulls}


def settle(client: Client, source: Connection, outcome: str = "") -> None:
    """Give the connection the state and the problem of its worst stream, unless a person has disconnected it.

    `outcome` is how the reading that has just been recorded ended.
    """
    pulls = newest(source).values()
    worst = next((pull for state in TROUBLE for pull in pulls if pull.state == state), None)
    state = TROUBLE[Pull.State(worst.state)] if worst else Connection.State.ACTIVE
    problem = worst.problem if worst else ""
    Connection.objects.filter(pk=source.pk).exclude(state=Connection.State.DISCONNECTED).update(state=state, problem=problem)
    telling.tell(client, source.pk, outcome)


def is_locked_out(source: Connection, connector: type[Connector]) -> bool:
    """Whether the newest pull of every stream found no access."""
    pulls = newest(source)
    return all(stream.family in pulls and pulls[stream.family].state == Pull.State.LOST for stream in connector.streams)


def was_tried(source: Connection, ask: Ask, due: datetime) -> bool:
    """Whether the days of `ask` were asked for since they were due, however that ended; a yes to a doubtful answer asks anew."""
    pull = newest(source).get(ask.stream.family)
    if pull and pull.state == Pull.State.ACCEPTED:
        return False
    return Pull.objects.filter(connection=source, family=ask.stream.family, file_name=None, until=ask.until, created_at__gte=due).exists()


def failed(source: Connection, due: datetime) -> set[str]:
    """The families whose newest pull since then stored nothing: they are not asked for more before they are due again."""
    return {family for family, pull in newest(source).items() if pull.state in TROUBLE and pull.created_at >= due}


def is_accepted(source: Connection, family: str, rows: int) -> bool:
    """Whether a person wants an answer with as few rows as these to be stored."""
    pull = newest(source).get(family)
    return pull is not None and pull.state == Pull.State.ACCEPTED and rows >= pull.rows
