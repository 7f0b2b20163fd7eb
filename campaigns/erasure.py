"""Erasing a person: keys, leads, touches and free text go; orders keep somebody without a name, so that sums stay."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
from django.db import transaction

from accounts import audit
from accounts.audit import Actor
from accounts.models import Client
from campaigns import dirty, records, signals
from campaigns.models import Connection, DirtyDay, ErasedKey, Person, PersonKey
from campaigns.people import FILES, space_of
from campaigns.records import FILE_SOURCE, Gone, Record
from campaigns.sheets import Block
from campaigns.streams import execute
from campaigns.writer import be_the_only_writer

Key = tuple[str, int, str]
NAMELESS = "erased:"
# Facts that go with the person, and facts that stay without a name: (table, family, its column, kind of key).
DELETED = (
    ("campaigns_lead", "leads", "external_id", "lead"),
    ("campaigns_touch", "touches", "lead_ref", "lead"),
    ("campaigns_touch", "touches", "customer_ref", "customer"),
)
RENAMED = (
    ("campaigns_deal", "deals", "lead_ref", "lead"),
    ("campaigns_order", "orders", "customer_ref", "customer"),
    ("campaigns_subscriptionspan", "subscriptions", "customer_ref", "customer"),
    ("campaigns_customer", "customers", "external_id", "customer"),
)


def digest(client: Client, key: Key) -> str:
    return hmac.digest(bytes(client.pseudonym_key), "|".join(map(str, key)).encode(), "sha256").hex()


def nameless(client: Client, key: Key) -> str:
    return NAMELESS + digest(client, key)


def known_of(person: Person) -> str:
    """What there is of somebody, for whoever decides."""
    names = sorted(key.value for key in person.keys.exclude(kind=PersonKey.Kind.EMAIL))
    return f"{person} ({', '.join(names)})" if names else str(person)


def holdings(person: Person) -> dict[str, int]:
    """How many facts there are of somebody, by family: of `leads` and `touches` those that would go."""
    found: dict[str, int] = {}
    keys = list(PersonKey.objects.filter(person=person).exclude(kind=PersonKey.Kind.EMAIL))
    for table, family, column, of_kind in (*DELETED, *RENAMED):
        for key in keys:
            if key.kind == of_kind:
                own, where = _own(key.space)
                [(number,)] = execute(f"SELECT count(*) FROM {table} WHERE {column} = %s AND {own}", [key.value, *where])
                found[family] = found.get(family, 0) + number
    return found


def erase(client: Client, person: Person, by: Actor) -> None:
    """Erase somebody from the client whose schema is open; the record says that it was done, and not who it was."""
    with transaction.atomic():
        be_the_only_writer(client)
        keys = [(key.kind, key.space, key.value) for key in PersonKey.objects.filter(person=person)]
        ErasedKey.objects.bulk_create([ErasedKey(digest=digest(client, key)) for key in keys], ignore_conflicts=True)
        moved = {family for key in keys for family in _forget(client, key)}
        PersonKey.objects.filter(person=person).delete()
        bare = [
            PersonKey(kind=kind, space=space, value=nameless(client, (kind, space, value)), person=person) for kind, space, value in keys
        ]
        PersonKey.objects.bulk_create([key for key in bare if key.kind != PersonKey.Kind.EMAIL])
        audit.record("person.erased", by, organisation=client)
        execute("DELETE FROM campaigns_personmerge WHERE kept_id = %s OR dissolved_id = %s", [person.pk, person.pk])
        dirty.mark_people([person.pk])
        if dirty.is_marked():
            signals.days_changed.send(sender=None, client=client, families=moved)


def _forget(client: Client, key: Key) -> set[str]:
    """Take one key out of all facts and mark their days; the families that moved."""
    kind, space, value = key
    if kind == PersonKey.Kind.EMAIL:
        for table in ("campaigns_lead", "campaigns_order", "campaigns_customer"):
            execute(f"UPDATE {table} SET email_hash = '' WHERE email_hash = %s", [value])
        execute("DELETE FROM campaigns_replaced WHERE row ->> 'email_hash' = %s", [value])
        return set()
    own, where = _own(space)
    moved = set()
    for table, family, column, of_kind in (*DELETED, *RENAMED):
        if of_kind != kind:
            continue
        if (table, family, column, of_kind) in DELETED:
            statement, parameters = f"DELETE FROM {table} WHERE {column} = %s AND {own} RETURNING day", [value, *where]
        else:
            free_text = ", name = ''" if table == "campaigns_deal" else ""
            statement = f"UPDATE {table} SET {column} = %s{free_text} WHERE {column} = %s AND {own} RETURNING day"
            parameters = [nameless(client, key), value, *where]
        days = {day for (day,) in execute(statement, parameters)}
        DirtyDay.objects.bulk_create([DirtyDay(family=family, day=day) for day in days], ignore_conflicts=True)
        moved |= {family} if days else set()
        execute(f"""DELETE FROM campaigns_replaced WHERE "table" = '{table}' AND row ->> '{column}' = %s""", [value])
    return moved


def _own(space: int) -> tuple[str, list[object]]:
    """SQL of whose facts the keys of a space name, and its parameters."""
    if space == FILES:
        return f"connection_id IN (SELECT id FROM campaigns_connection WHERE source = '{FILE_SOURCE}')", []
    return "connection_id = %s", [space]


def forget_others(client: Client, source: Connection, leads: Iterable[records.Lead], merged: Iterable[Gone]) -> set[str]:
    """Leads that turn out to be somebody erased are forgotten, too; the families that moved.

    They are new `leads` with an address or a customer number of theirs, and those that their platform made one with one erased.
    In the caller's transaction. Whatever else the other was called stays: nobody asked to erase it.
    """
    memory = Memory.of(client, source)
    moved = _forget_all(client, _new(memory.space, memory.named_by_others(leads)))
    while others := Memory.of(client, source).merged_with(merged):
        moved |= _forget_all(client, others)
    return moved


def _new(space: int, keys: set[Key]) -> set[Key]:
    """Those of no lead that is stored: such a one was told apart from whoever was erased, for several people share the address."""
    own, where = _own(space)
    names = [value for _kind, _space, value in keys]
    stored = execute(f"SELECT external_id FROM campaigns_lead WHERE external_id = ANY(%s) AND {own}", [names, *where]) if names else []
    return keys - {("lead", space, value) for (value,) in stored}


def _forget_all(client: Client, keys: set[Key]) -> set[str]:
    ErasedKey.objects.bulk_create([ErasedKey(digest=digest(client, key)) for key in keys])
    moved = {family for key in keys for family in _forget(client, key)}
    for kind, space, value in keys:
        named = PersonKey.objects.filter(kind=kind, space=space, value=value)
        dirty.mark_people(named.values_list("person_id", flat=True))
        named.update(value=nameless(client, (kind, space, value)))
    return moved


@dataclass(frozen=True)
class Memory:
    """Who was erased, as far as one connection can bring them back."""

    client: Client
    space: int
    digests: frozenset[str]

    @classmethod
    def of(cls, client: Client, source: Connection) -> Memory:
        return cls(client, space_of(source), frozenset(ErasedKey.objects.values_list("digest", flat=True)))

    def rule(self, kind: type[Record]) -> Callable[[Block], Block] | None:
        """What may be stored of records of one kind: all of each, its sums without a name, or nothing. None: of each all."""
        rule = RULES.get(kind) if self.digests else None
        if rule is None:
            return None

        def kept(block: Block) -> Block:
            left = ((position, rule(self, record)) for position, record in block)
            return [(position, record) for position, record in left if record is not None]

        return kept

    def named_by_others(self, leads: Iterable[records.Lead]) -> set[Key]:
        """The leads that may not be stored although they are not erased themselves."""
        named = (lead for lead in leads if self.lead(lead) is None) if self.digests else ()
        return {("lead", self.space, lead.lead_id) for lead in named if not self._is_erased("lead", lead.lead_id)}

    def merged_with(self, merged: Iterable[Gone]) -> set[Key]:
        """The leads that were made one with an erased one, as far as they are not erased themselves."""
        pairs = [(gone.external_id, gone.merged_into) for gone in merged] if self.digests else []
        erased = {value: self._is_erased("lead", value) for pair in pairs for value in pair}
        return {("lead", self.space, value) for pair in pairs for value in pair if not erased[value] and any(erased[one] for one in pair)}

    def names(self, gone: Gone) -> bool:
        """Whether a tombstone is of somebody erased."""
        return bool(self.digests) and self._is_erased("lead", gone.external_id)

    def _is_erased(self, kind: str, value: str) -> bool:
        space = FILES if kind == "email" else self.space
        return bool(value) and digest(self.client, (kind, space, value)) in self.digests

    def _name(self, kind: str, value: str) -> str:
        return nameless(self.client, (kind, self.space, value)) if self._is_erased(kind, value) else value

    def lead(self, record: records.Lead) -> Record | None:
        named = (("lead", record.lead_id), ("email", record.email_hash), ("customer", record.customer_id))
        return None if any(self._is_erased(kind, value) for kind, value in named) else record

    def touch(self, record: records.Touch) -> Record | None:
        named = (("lead", record.lead_id), ("customer", record.customer_id))
        return None if any(self._is_erased(kind, value) for kind, value in named) else record

    def deal(self, record: records.Deal) -> Record:
        lead_id = self._name("lead", record.lead_id)
        return record if lead_id == record.lead_id else msgspec.structs.replace(record, lead_id=lead_id, name="")

    def customer(self, record: records.Customer | records.Order | records.SubscriptionSpan) -> Record:
        """Also who orders or subscribes: the row stays and its name goes."""
        customer_id = self._name("customer", record.customer_id)
        named = record if customer_id == record.customer_id else msgspec.structs.replace(record, customer_id=customer_id)
        if isinstance(named, records.SubscriptionSpan) or not self._is_erased("email", named.email_hash):
            return named
        return msgspec.structs.replace(named, email_hash="")


RULES: dict[type, Callable[[Memory, Any], Record | None]] = {
    records.Lead: Memory.lead,
    records.Touch: Memory.touch,
    records.Deal: Memory.deal,
    records.Customer: Memory.customer,
    records.Order: Memory.customer,
    records.SubscriptionSpan: Memory.customer,
}
