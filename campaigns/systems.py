"""Systems of record: whose word counts for leads, customers and revenue. What others say is shown beside it, never summed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from django.db.models import Exists, OuterRef

from campaigns import dirty
from campaigns.models import Connection, LoadedSpan, SystemOfRecord

Subject = SystemOfRecord.Subject
# Where the client has chosen none: the first of these that tells anything.
DEFAULTS: dict[str, tuple[str, ...]] = {
    Subject.LEADS: ("hubspot", "salesforce", "file"),
    Subject.CUSTOMERS: ("shopify", "stripe", "file", "hubspot", "salesforce"),
    Subject.REVENUE: ("shopify", "stripe", "file", "hubspot", "salesforce"),
}
# The families in which a source tells of a subject. Revenue of a CRM is that of the deals it won.
FAMILIES: dict[str, tuple[str, ...]] = {
    Subject.LEADS: ("leads",),
    Subject.CUSTOMERS: ("customers", "orders"),
    Subject.REVENUE: ("orders", "deals"),
}
CRM = frozenset({"hubspot", "salesforce"})


def in_force() -> dict[str, str]:
    """The source that counts, by subject; "" where nobody tells anything."""
    told = LoadedSpan.objects.values_list("connection__source", "family").distinct()
    return believed(dict(SystemOfRecord.objects.values_list("subject", "source")), told)


def believed(chosen: Mapping[str, str], told: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The source that counts, by subject, where these are chosen and these tell, as (source, family); "" where nobody does."""
    pairs = set(told)
    sources = {subject: {source for source, family in pairs if family in families} for subject, families in FAMILIES.items()}
    return {subject: chosen.get(subject) or next(iter(_ordered(subject, sources[subject])), "") for subject in Subject.values}


def counted_as(family: str, source: str, now: Mapping[str, str]) -> str:
    """The family as which `source` counts in figures while these systems are in force; "" where its word is not summed."""
    if family in (Subject.LEADS, Subject.CUSTOMERS):
        return family if source == now[family] else ""
    if family in FAMILIES[Subject.REVENUE]:
        return "orders" if source == now[Subject.REVENUE] else ""
    return "email" if family == "email_days" else family


def candidates(subject: str) -> list[str]:
    """The sources that tell of a subject, in the order in which they would be believed."""
    told = LoadedSpan.objects.filter(connection=OuterRef("pk"), family__in=FAMILIES[subject])
    return _ordered(subject, set(Connection.objects.filter(Exists(told)).values_list("source", flat=True)))


def _ordered(subject: str, sources: Collection[str]) -> list[str]:
    known = [source for source in DEFAULTS[subject] if source in sources]
    return [*known, *sorted(set(sources) - set(known))]


def choose(subject: str, source: str) -> set[str]:
    """Believe `source` from now on; the families whose days were marked for it."""
    before = in_force()
    SystemOfRecord.objects.update_or_create(subject=subject, defaults={"source": source})
    return follow(before)


def follow(before: dict[str, str]) -> set[str]:
    """Mark all days of the subjects whose system is another than before."""
    now = in_force()
    moved = [subject for subject, source in now.items() if source != before[subject]]
    told = {family for subject in moved if before[subject] for family in FAMILIES[subject]}
    # What was won counts with the leads, also that which was told before the first of them.
    told |= {"deals"} if Subject.LEADS in moved else set()
    return {family for each in sorted(told) for family in dirty.mark_family(each)}
