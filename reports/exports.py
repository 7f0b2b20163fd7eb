"""What becomes of schedules and of the ledger of deliveries when a client is exported: kept as a record, and nothing goes out."""

from __future__ import annotations

import json
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts import vault
from accounts.models import Client
from accounts.portability import Reading, Refused, Table, Writing, leave_out, register
from accounts.portability.tables import ROW, Staged
from reports.models import (
    Delivery,
    Endpoint,
    EndpointCall,
    Headline,
    Recipient,
    Run,
    Schedule,
    SetUp,
    ShareLink,
    ShareView,
    Suppression,
    new_token,
)
from reports.scheduling import plan_of

LINKS = "unsubscribe-links.sealed"
LEFT_BEHIND = "The client was restored from an export made before this left; nothing is sent from here."


class Recipients(Table):
    """Recipients, with the secret of their unsubscribe links sealed: only the installation that made them can use it again."""

    def write(self, archive: Writing, client: Client) -> None:
        super().write(archive, client)
        tokens = Recipient.objects.filter(schedule__client=client).values_list("pk", "token")
        archive.content(LINKS, vault.seal({str(pk): token for pk, token in tokens.iterator()}))

    def complete(self, archive: Reading, staged: Staged) -> None:
        """A link of the past works again, unless it is another recipient's: a copy must not unsubscribe the original."""
        known = _known_tokens(archive)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {ROW}, id FROM {staged.name}")
            rows = cursor.fetchall()
            found = {row: known.get(str(row_id), "") for row, row_id in rows}
            taken = set(Recipient.objects.filter(token__in=found.values()).values_list("token", flat=True))
            pairs = [(token if token and token not in taken else new_token(), row) for row, token in found.items()]
            cursor.executemany(f"UPDATE {staged.name} SET token = %s WHERE {ROW} = %s", pairs)


def _known_tokens(archive: Reading) -> dict[str, str]:
    if LINKS not in archive:
        return {}
    try:
        return vault.unsealed(archive.content(LINKS))
    except vault.Unreadable:
        return {}  # of another installation
    except json.JSONDecodeError:
        raise Refused(f"{LINKS}: not what was sealed.") from None


def pause(client: Client) -> None:
    """Two installations must not both send: a person starts the restored one, and it begins with the week that ends then."""
    for schedule in Schedule.objects.filter(client=client):
        schedule.paused, schedule.problem, schedule.retry_at = True, "", None
        schedule.next_run_at = plan_of(schedule).next(timezone.now()).at
        schedule.save()


def _instead(column: str, *cases: tuple[str, str]) -> str:
    """SQL: another value in some states, else the column's own."""
    whens = " ".join(f"WHEN '{state}' THEN '{value}'" for state, value in cases)
    return f"CASE old.state {whens} ELSE old.{column} END"


_runs: dict[str, Any] = {
    # Part of Message-IDs: kept, unless the original still has it.
    "uid": "CASE WHEN EXISTS (SELECT FROM reports_run AS taken WHERE taken.uid = old.uid) THEN gen_random_uuid() ELSE old.uid END",
    "state": _instead("state", (Run.State.DUE, Run.State.FAILED), (Run.State.HELD, Run.State.FAILED)),
    "problem": _instead("problem", (Run.State.DUE, LEFT_BEHIND), (Run.State.HELD, LEFT_BEHIND)),
}
_deliveries = {
    "state": _instead(
        "state",
        (Delivery.State.QUEUED, Delivery.State.FAILED),
        (Delivery.State.DEFERRED, Delivery.State.FAILED),
        (Delivery.State.SENDING, Delivery.State.UNKNOWN),
    ),
    "error": _instead("error", *((state, LEFT_BEHIND) for state in ("queued", "deferred", "sending"))),
}
register(
    Table(Schedule, of="client", after=pause),
    Recipients(Recipient, of="schedule__client", omitted=("token",)),
    Table(Run, of="schedule__client", values=_runs),
    Table(Delivery, of="run__schedule__client", values=_deliveries),
    Table(Suppression, of="client"),
)
leave_out(ShareLink, "signed by this installation; new ones are made for a restored client's reports")
leave_out(ShareView, "who opened links of this installation")
leave_out(Headline, "derived: told anew from the client's own figures when they are back")
leave_out(SetUp, "who restores a client goes through its set-up again")
leave_out(Endpoint, "told by this installation and signed with a secret of it; whoever restores a client says anew who is told")
leave_out(EndpointCall, "what this installation told programs")
