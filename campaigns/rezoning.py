"""What a client's new time zone changes about its facts.

Moments are kept as moments and counted in whatever zone the client has. What files tell was given its day in the client's zone
when it was stored, and is given another here; a platform tells the days of its account, which stay.
"""

from __future__ import annotations

from campaigns import loaded
from campaigns.models import Connection, Customer, Deal, EmailSend, Lead, LoadedSpan, Order, SubscriptionSpan, Touch
from campaigns.streams import execute
from campaigns.tables import Table, table_of

# The moment whose day a fact has, as the kinds of `campaigns.imports` give it; of whom none is known, the day stays.
MOMENTS = {
    EmailSend: "sent_at",
    Lead: "created_at",
    Deal: "created_at",
    Touch: "at",
    Customer: "coalesce(acquired_at, cancelled_at)",
    Order: "ordered_at",
    SubscriptionSpan: "started_at",
}
OF_A_FILE = "IN (SELECT id FROM campaigns_pull WHERE file_name IS NOT NULL)"


def rebucket(zone: str) -> None:
    """Give what files told the days of `zone`, in the caller's transaction, by the only writer, inside the client's schema."""
    for model, moment in MOMENTS.items():
        table = table_of(model)
        execute(
            f"UPDATE {table.name} SET day = ({moment} AT TIME ZONE %(zone)s)::date WHERE {moment} IS NOT NULL AND pull_id {OF_A_FILE}",
            {"zone": zone},
        )
        _rebucket_journal(table, moment, zone)
    Connection.objects.filter(credential_id=None).update(timezone=zone)
    for source in Connection.objects.filter(credential_id=None):
        for model in MOMENTS:
            _tell_loaded(source, table_of(model), zone)


def _rebucket_journal(table: Table, moment: str, zone: str) -> None:
    """The same of rows as they were before a file changed them, which undoing it puts back."""
    execute(
        f"""UPDATE campaigns_replaced AS journal SET row = jsonb_set(journal.row, '{{day}}', to_jsonb(moved.day::text))
            FROM (SELECT kept.id, ({moment} AT TIME ZONE %(zone)s)::date AS day FROM campaigns_replaced AS kept
                CROSS JOIN LATERAL jsonb_populate_record(NULL::{table.name}, kept.row) AS was
                WHERE kept."table" = %(table)s AND {moment} IS NOT NULL AND was.pull_id {OF_A_FILE}) AS moved
            WHERE journal.id = moved.id""",
        {"zone": zone, "table": table.name},
    )


def _tell_loaded(source: Connection, table: Table, zone: str) -> None:
    """The days that files told everything about, as the days of their rows now say."""
    known = LoadedSpan.objects.filter(connection=source, family=table.family)
    if not known.exists():
        return
    last = "greatest(day, (ended_at AT TIME ZONE %(zone)s)::date)" if table.model is SubscriptionSpan else "day"
    stretches = execute(
        f"SELECT DISTINCT day, {last} FROM {table.name} WHERE connection_id = %(source)s", {"zone": zone, "source": source.pk}
    )
    if not stretches:
        return
    known.delete()
    spans = loaded.of_stretches(stretches)
    LoadedSpan.objects.bulk_create(LoadedSpan(connection=source, family=table.family, since=since, until=until) for since, until in spans)
