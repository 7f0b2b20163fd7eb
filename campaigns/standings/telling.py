"""Keep the public row of an account equal to the one in its client's schema; called in the transaction that changes the latter."""

from __future__ import annotations

from typing import Any

from django.db import connection

from accounts.models import Client

OUTCOMES = ("stored", "suspect", "lost", "failed")


def tell(client: Client, source_id: int, outcome: str = "") -> None:
    """Show how one account stands, and that a reading of it ended, if one did. Inside the client's schema."""
    _upsert(client, "AND id = %(source)s", {"source": source_id}, outcome)


def tell_all(client: Client) -> None:
    """Show every account of a client."""
    _upsert(client, "", {}, "")


def _upsert(client: Client, which: str, parameters: dict[str, Any], outcome: str) -> None:
    ended = {name: int(name == outcome) for name in OUTCOMES}
    counts, added = (
        ", ".join(f"%({name})s" for name in OUTCOMES),
        ", ".join(f"{name} = known.{name} + excluded.{name}" for name in OUTCOMES),
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO standings_standing AS known
                    (client_id, connection_id, source, account, state, problem, since, read_at, {", ".join(OUTCOMES)})
                SELECT %(client)s, id, source, coalesce(nullif(name, ''), account), state, problem, created_at,
                    CASE WHEN %(ended)s THEN now() END, {counts}
                FROM campaigns_connection WHERE credential_id IS NOT NULL {which}
                ON CONFLICT (client_id, connection_id) DO UPDATE SET account = excluded.account, state = excluded.state,
                    problem = excluded.problem, read_at = coalesce(excluded.read_at, known.read_at), {added}""",
            {"client": client.pk, "ended": bool(outcome), **ended, **parameters},
        )
