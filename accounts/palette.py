"""What is found by a few letters: pages, clients and whatever else a room has to offer, in groups, the best first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from accounts import access, navigation
from accounts.models import AGENCY_ROLES, Agency, Client, Organisation
from accounts.search import fold

# Of each group while something is asked for, and of all together: who wants more types another letter.
OF_GROUP, HITS = 6, 20
LONGEST = 100


@dataclass(frozen=True)
class Hit:
    """`note` stands under the name; `also` finds it too, without being shown."""

    name: str
    url: str
    note: str = ""
    also: str = ""

    def rank(self, words: Sequence[str]) -> int | None:
        """0: its name begins so; 1: words of its name do; 2: every word is in it somewhere; None: not found."""
        name, every = fold(self.name), fold(f"{self.name} {self.note} {self.also}")
        if not all(word in every for word in words):
            return None
        if name.startswith(" ".join(words)):
            return 0
        begun = f" {name.replace('-', ' ').replace('’', ' ')} {fold(self.also)}"
        return 1 if all(f" {word}" in begun for word in words) else 2


@dataclass(frozen=True)
class Group:
    """`most` hits are shown, those of the same rank in the order given."""

    title: str
    hits: Iterable[Hit]
    most: int = OF_GROUP


@dataclass(frozen=True)
class Found:
    title: str
    hits: tuple[Hit, ...]
    more: int
    best: int


def found(groups: Iterable[Group], asked: str) -> list[Found]:
    """What each group has of it, the group with the best hit first; all that there is, if nothing is asked."""
    words = fold(asked[:LONGEST]).split()
    matches = [found for group in groups if (found := _found(group, words)).hits]
    return sorted(matches, key=lambda group: group.best)


def _found(group: Group, words: Sequence[str]) -> Found:
    ranked = [(rank, hit) for hit in group.hits if (rank := hit.rank(words)) is not None]
    ranked.sort(key=lambda pair: pair[0])
    return Found(
        group.title, tuple(hit for _rank, hit in ranked[: group.most]), max(0, len(ranked) - group.most), ranked[0][0] if ranked else 0
    )


def as_json(groups: Iterable[Found]) -> dict[str, Any]:
    """For the script."""
    return {
        "groups": [
            {"title": group.title, "more": group.more, "hits": [{"name": hit.name, "note": hit.note, "url": hit.url} for hit in group.hits]}
            for group in groups
        ]
    }


def clients(of: Iterable[Client], page: str) -> Group:
    """Clients in the order of a dictionary; who comes from `page` arrives on the same, if they may."""
    ordered = sorted(of, key=lambda client: (fold(client.name), client.pk))
    hits = (
        Hit(client.name, navigation.same_page(client, page), client.agency.name if client.agency else "", client.slug) for client in ordered
    )
    return Group(_("Clients"), hits, HITS)


def pages(organisation: Organisation, permissions: frozenset[str], query: str = "") -> list[Hit]:
    """What the navigation has; `query` goes with the pages whose figures are of some days."""
    shown = navigation.entries(organisation, permissions, "", query)
    return [Hit(entry.title, entry.url, organisation.name) for entry in shown]


def agency_pages(agencies: Iterable[Agency]) -> list[Hit]:
    """Those of each agency that the person works in."""
    return [hit for agency in agencies if access.roles_in(agency) & AGENCY_ROLES for hit in pages(agency, access.permissions_in(agency))]
