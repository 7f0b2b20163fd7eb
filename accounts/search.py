"""Finding a client by a few letters of its name."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from accounts.models import Client

# Letters that no accent is taken off of.
LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l"})


def fold(text: str) -> str:
    """`text` without case and accents: "Épicerie" is found by "epi"."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part)).translate(LIGATURES)


def matching(clients: Iterable[Client], asked: str) -> list[Client]:
    """The clients with every word asked for in their name or short name, as a dictionary orders them; all, if nothing is asked."""
    words = fold(asked).split()
    found = [client for client in clients if all(word in f"{fold(client.name)} {client.slug}" for word in words)]
    return sorted(found, key=lambda client: (fold(client.name), client.pk))
