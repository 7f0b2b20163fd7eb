"""Loopback stand-ins for the platforms, for the demo and the tests. They speak the published protocols and share one story.

The source "google_ads" is the module `google_ads` of this package and the one `PlatformSimulator` in it.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from math import inf
from typing import Any, ClassVar

from campaigns.discovery import modules, only_class
from campaigns.simulators.business import Ledger
from campaigns.simulators.tokens import Tokens

PLUMBING = frozenset({"business", "consent", "google", "paging", "rates", "server", "tokens"})


@dataclass(frozen=True)
class Request:
    """What a platform was asked. `path` is the part below `base`, the platform's own address; header names are in lower case."""

    method: str
    base: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What a platform says."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def html(cls, page: str, status: int = 200) -> Answer:
        return cls(status, {"Content-Type": "text/html; charset=UTF-8"}, page.encode())

    def with_headers(self, headers: Mapping[str, str]) -> Answer:
        return Answer(self.status, {**self.headers, **headers}, self.body)

    @classmethod
    def redirect(cls, address: str) -> Answer:
        return cls(302, {"Location": address})

    @classmethod
    def json(cls, value: Any, status: int = 200) -> Answer:
        return cls(status, {"Content-Type": "application/json; charset=UTF-8"}, json.dumps(value, ensure_ascii=False).encode())


class PlatformSimulator(ABC):
    """One platform's protocol over the figures of all businesses, by slug. `as_of` is the day on which it is asked.

    Tests may set `page_size` (the largest page it gives), `shuffled` (rows in no order, where the platform promises none),
    `overlap` (rows of a page that the next one repeats, as when something new arrives meanwhile), and `tokens.clock`.
    """

    source: ClassVar[str]
    largest_page: ClassVar[int]
    # Of access tokens, in seconds.
    lifetime: ClassVar[float] = inf

    def __init__(self, ledgers: Mapping[str, Ledger], as_of: Callable[[], date]) -> None:
        self.ledgers = ledgers
        self.as_of = as_of
        self.users = self.people()
        self.tokens = Tokens(tuple(self.users), self.lifetime)
        self.page_size = self.largest_page
        self.shuffled = False
        self.overlap = 0

    def people(self) -> dict[str, str]:
        """Who can consent, by key: one user of each business, whose key is its slug."""
        return {slug: ledger.business.name for slug, ledger in self.ledgers.items()}

    def revoke(self, user: str = "") -> None:
        """The user, or everybody, withdraws the permission: neither refresh tokens nor access tokens work from now on."""
        self.tokens.revoke(user)

    def expire_tokens(self) -> None:
        """Every access token given so far stops working."""
        self.tokens.expire()

    @abstractmethod
    def answer(self, request: Request) -> Answer: ...

    @abstractmethod
    def settings(self, url: str) -> dict[str, str]:
        """The installation's settings under which the product reaches this stand-in at `url`."""

    @abstractmethod
    def secret(self, user: str = "") -> dict[str, str]:
        """A credential which this stand-in accepts, as if `user`, one of `people`, had consented; default: the first of them."""


def sources() -> list[str]:
    """The slugs of all platforms with a stand-in, in alphabetical order."""
    return modules(__path__, PLUMBING)


def simulator_for(source: str) -> type[PlatformSimulator]:
    """The stand-in of a platform. Raises `LookupError` for a platform without one."""
    if source not in sources():
        raise LookupError(f"There is no simulator for {source!r}; there are: {', '.join(sources())}.")
    found: type[PlatformSimulator] = only_class(__name__, source, PlatformSimulator)
    return found
