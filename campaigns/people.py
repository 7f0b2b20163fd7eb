"""Who is who. Facts hold what their source calls a person; keys say whom that means, and a fact that names two makes them one.

Keys of several people (an address such as info@) merge nobody. Merging moves keys, never facts: it is logged and can be
taken back. Erasing leaves digests of the keys, so that no later answer brings the person back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from accounts.models import Client
from campaigns import dirty, signals
from campaigns.models import Connection, Person, PersonKey, PersonMerge
from campaigns.pseudonyms import email_hasher
from campaigns.records import FILE_SOURCE, Gone
from campaigns.streams import execute
from campaigns.writer import be_the_only_writer

# An address that names more people than this is not one person's.
MOST_PEOPLE_OF_A_KEY = 20
FILES = 0
# So many new keys at once may be most of all: the database must not plan with what it last counted.
MANY = 100


@dataclass(frozen=True)
class Naming:
    """Which columns of a table name a person, as (kind of key, column)."""

    table: str
    keys: tuple[tuple[str, str], ...]


NAMINGS = (
    Naming("campaigns_lead", (("lead", "external_id"), ("email", "email_hash"), ("customer", "customer_ref"))),
    Naming("campaigns_deal", (("lead", "lead_ref"),)),
    Naming("campaigns_touch", (("lead", "lead_ref"), ("customer", "customer_ref"))),
    Naming("campaigns_customer", (("customer", "external_id"), ("email", "email_hash"))),
    Naming("campaigns_order", (("customer", "customer_ref"), ("email", "email_hash"))),
    Naming("campaigns_subscriptionspan", (("customer", "customer_ref"),)),
)


def space_of(source: Connection) -> int:
    """Ids of the client's own files mean the same in each; those of a platform belong to one account, whoever tells them."""
    return FILES if source.source == FILE_SOURCE else source.pk


def link(source: Connection, pull_ids: list[int], days: Collection[date] | None, merged: Iterable[Gone] = ()) -> None:
    """Give every person whom the rows of these pulls name a key, and make one of those who share one.

    `days`: on which all these rows are, by which they are found quickly; None: any. In the caller's transaction, after the
    rows were written. `merged` names leads that the platform made one.
    """
    execute("DROP TABLE IF EXISTS pg_temp.naming")
    execute("CREATE TEMPORARY TABLE naming (saying bigint, kind varchar, space bigint, value varchar) ON COMMIT DROP")
    for naming in NAMINGS:
        _name(naming, source, pull_ids, days)
    for number, gone in enumerate(merged, 1):
        if gone.merged_into:
            for value in (gone.external_id, gone.merged_into):
                execute("INSERT INTO naming VALUES (%s, 'lead', %s, %s)", [-number, space_of(source), value])
    execute("ANALYZE naming")
    newest_before = Person.objects.aggregate(newest=Max("pk"))["newest"] or 0
    _make_keys()
    _find_shared()
    _make_one(newest_before, pull_ids[0] if pull_ids else None)


def _name(naming: Naming, source: Connection, pull_ids: list[int], days: Collection[date] | None) -> None:
    """One saying per row: all the keys it holds."""
    spaces = {"email": FILES, "lead": space_of(source), "customer": space_of(source)}
    of_days = "" if days is None else "AND day = ANY(%s)"
    values = ", ".join(f"('{kind}', {spaces[kind]}, fact.{column})" for kind, column in naming.keys)
    execute(
        f"""INSERT INTO naming
            SELECT coalesce((SELECT max(saying) FROM naming), 0) + fact.number, said.kind, said.space, said.value
            FROM (SELECT *, row_number() OVER () AS number FROM {naming.table}
                WHERE connection_id = %s AND pull_id = ANY(%s) {of_days}) AS fact
            CROSS JOIN LATERAL (VALUES {values}) AS said (kind, space, value) WHERE said.value <> ''""",
        [source.pk, pull_ids, *([] if days is None else [sorted(days)])],
    )


def _make_keys() -> None:
    """A key for every new naming, each with a new person."""
    made = execute(
        """WITH missing AS (
               SELECT kind, space, value, nextval(pg_get_serial_sequence('campaigns_person', 'id')) AS person_id
               FROM (SELECT DISTINCT kind, space, value FROM naming) AS named
               WHERE NOT EXISTS (SELECT 1 FROM campaigns_personkey AS known
                   WHERE known.kind = named.kind AND known.space = named.space AND known.value = named.value)),
           made AS (INSERT INTO campaigns_person (id) SELECT person_id FROM missing),
           kept AS (
               INSERT INTO campaigns_personkey (kind, space, value, person_id)
               SELECT kind, space, value, person_id FROM missing RETURNING id)
           SELECT count(*) FROM kept"""
    )[0][0]
    if made > MANY:
        execute("ANALYZE campaigns_personkey")
    execute("DROP TABLE IF EXISTS pg_temp.said")
    execute(
        """CREATE TEMPORARY TABLE said ON COMMIT DROP AS
           SELECT naming.saying, key.id AS key_id FROM naming JOIN campaigns_personkey AS key
               ON key.kind = naming.kind AND key.space = naming.space AND key.value = naming.value"""
    )
    execute("CREATE INDEX ON said (key_id)")
    execute("ANALYZE said")


def _find_shared() -> None:
    """Addresses that are said together with too many other keys of one kind."""
    execute(
        """UPDATE campaigns_personkey SET is_shared = true WHERE id IN (
               SELECT mail.id FROM said AS one JOIN campaigns_personkey AS mail ON mail.id = one.key_id AND mail.kind = 'email'
               JOIN said AS other ON other.saying = one.saying
               JOIN campaigns_personkey AS named ON named.id = other.key_id AND named.kind <> 'email'
               GROUP BY mail.id, named.kind, named.space HAVING count(DISTINCT named.id) > %s) AND NOT is_shared""",
        [MOST_PEOPLE_OF_A_KEY],
    )


def _make_one(newest_before: int, pull_id: int | None) -> None:
    """Move keys to the eldest person of each saying until nothing moves; people who were known before are logged."""
    execute("DROP TABLE IF EXISTS pg_temp.moved")
    execute("CREATE TEMPORARY TABLE moved (key_id bigint PRIMARY KEY, was bigint, by_key bigint) ON COMMIT DROP")
    while execute(
        """WITH eldest AS (
               SELECT said.saying, min(key.person_id) AS person_id,
                   (array_agg(key.id ORDER BY key.kind = 'email' DESC, key.id))[1] AS by_key
               FROM said JOIN campaigns_personkey AS key ON key.id = said.key_id AND NOT key.is_shared
               GROUP BY said.saying HAVING count(DISTINCT key.person_id) > 1),
           moves AS (
               SELECT key.person_id AS was, min(eldest.person_id) AS now, min(eldest.by_key) AS by_key
               FROM eldest JOIN said ON said.saying = eldest.saying
               JOIN campaigns_personkey AS key ON key.id = said.key_id AND NOT key.is_shared
               WHERE key.person_id > eldest.person_id GROUP BY key.person_id),
           turned AS (
               UPDATE campaigns_personkey AS key SET person_id = moves.now FROM moves WHERE key.person_id = moves.was
               RETURNING key.id, moves.was, moves.by_key),
           noted AS (
               INSERT INTO moved SELECT id, was, by_key FROM turned WHERE was <= %s ON CONFLICT DO NOTHING)
           SELECT count(*) FROM turned HAVING count(*) > 0""",
        [newest_before],
    ):
        pass
    execute(
        """INSERT INTO campaigns_personmerge (kept_id, dissolved_id, by_key_id, moved, pull_id)
           SELECT min(key.person_id), moved.was, min(moved.by_key), jsonb_agg(moved.key_id ORDER BY moved.key_id), %s
           FROM moved JOIN campaigns_personkey AS key ON key.id = moved.key_id GROUP BY moved.was""",
        [pull_id],
    )
    execute(
        """INSERT INTO campaigns_dirtyperson (person_id)
           SELECT was FROM moved UNION
           SELECT key.person_id FROM moved JOIN campaigns_personkey AS key ON key.id = moved.key_id
           ON CONFLICT DO NOTHING"""
    )
    execute(
        """DELETE FROM campaigns_person AS person WHERE person.id > %s
           AND NOT EXISTS (SELECT 1 FROM campaigns_personkey AS key WHERE key.person_id = person.id)""",
        [newest_before],
    )


def called(client: Client, name: str) -> list[Person]:
    """The people whom a name means: an e-mail address, or the id of a lead or a customer."""
    digest = email_hasher(client)(name)
    keys = PersonKey.objects.filter(Q(kind=PersonKey.Kind.EMAIL, value=digest) | Q(value=name) & ~Q(kind=PersonKey.Kind.EMAIL))
    return list(Person.objects.filter(keys__in=keys).distinct().order_by("pk"))


def tell_apart(client: Client, merge: PersonMerge) -> None:
    """A person says that two are not one: for good, and their figures follow."""
    with transaction.atomic():
        be_the_only_writer(client)
        take_back(merge)
        signals.days_changed.send(sender=None, client=client, families=set())


def take_back(merge: PersonMerge, *, never_again: bool = True) -> None:
    """Give the dissolved person their keys back. With `never_again`, the key that made them one merges nobody from now on."""
    PersonKey.objects.filter(pk__in=merge.moved, person=merge.kept).update(person=merge.dissolved)
    dirty.mark_people([merge.kept_id, merge.dissolved_id])
    if never_again and merge.by_key_id:
        PersonKey.objects.filter(pk=merge.by_key_id).update(is_shared=True)
    PersonMerge.objects.filter(pk=merge.pk).update(undone_at=timezone.now())
