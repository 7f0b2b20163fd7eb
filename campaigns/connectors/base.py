"""What a platform's connector is. No Django here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import ClassVar
from zoneinfo import ZoneInfo

from campaigns.connectors.errors import LostAccess, Passing, UnexpectedAnswer
from campaigns.connectors.http import Http
from campaigns.connectors.oauth import Consent, Grant, Secret
from campaigns.records import Record

__all__ = ["Account", "Connector", "LostAccess", "Passing", "Replaces", "Stream", "UnexpectedAnswer"]

# A keyed HMAC of an e-mail address under the client's key: all that is kept of it.
HashEmail = Callable[[str], str]


@dataclass(frozen=True)
class Account:
    """One account on a platform, as the person chose it. `manager_id` is the account through which we reach it, if any.

    `currency` and `timezone` are "" where the platform has none of its own: the client's then serve.
    """

    external_id: str
    name: str
    currency: str = ""
    timezone: str = ""
    manager_id: str = ""


class Replaces(StrEnum):
    """How the rows of a stream replace older ones."""

    WINDOW = "window"  # complete for its days: what vanished from them goes
    KEYED = "keyed"  # rows replace those of the same key; only `Gone` deletes
    COUNTER = "counter"  # lifetime figures: the latest snapshot counts, nothing is deleted


@dataclass(frozen=True)
class Stream:
    """One family of facts that a platform tells.

    `settle_days`: trailing days that the platform may still change; they are read again every day. `backfill_days`: how far
    back a new connection reads. `chunk_days`: how many of them one request for history covers; None: the platform tells all
    there is in one go, and every pull is such a one.
    """

    family: str
    replaces: Replaces
    settle_days: int
    backfill_days: int = 400
    chunk_days: int | None = 31


def now() -> datetime:
    return datetime.now(UTC)


class Connector(ABC):
    """Reads one account of one platform. `source` is the platform's slug and the name of its module."""

    source: ClassVar[str]
    # The platform's name as people know it.
    title: ClassVar[str]
    streams: ClassVar[tuple[Stream, ...]]
    consent: ClassVar[Consent]

    def __init__(
        self,
        account: Account,
        settings: Mapping[str, str],
        grant: Grant,
        http: Http,
        hash_email: HashEmail,
        *,
        clock: Callable[[], datetime] = now,
    ) -> None:
        """`settings` are the installation's (addresses, our own keys), `grant` what the person gave us."""
        self.account = account
        self.settings = settings
        self.grant = grant
        self.http = http
        self.hash_email = hash_email
        self.clock = clock
        self.zone = ZoneInfo(account.timezone or "UTC")

    @classmethod
    def settle_days(cls, family: str) -> int:
        """Trailing days of a family that the platform may still change; 0 for what it does not tell."""
        return next((stream.settle_days for stream in cls.streams if stream.family == family), 0)

    @abstractmethod
    def fetch(self, stream: Stream, since: date, until: date) -> Iterator[Record]:
        """The stream's rows of the days `since` to `until`, both included, in the account's own calendar and currency.

        Of a keyed stream: every record that was created or changed on these days, as it is now. Raises `LostAccess`,
        `Passing` or `UnexpectedAnswer`. A day or campaign without activity yields no row.
        """

    @classmethod
    @abstractmethod
    def accounts(cls, settings: Mapping[str, str], grant: Grant, http: Http) -> list[Account]:
        """The accounts that a consent reaches, for the person to choose from. Raises as `fetch` does."""

    @classmethod
    def secret_from(cls, settings: Mapping[str, str], answer: Secret, http: Http) -> Secret:  # noqa: ARG003 - for others to use
        """What is to be kept of the token endpoint's first answer."""
        return answer

    def day_of(self, at: datetime) -> date:
        """The account's calendar day of an instant."""
        return at.astimezone(self.zone).date()

    def span(self, since: date, until: date) -> tuple[datetime, datetime]:
        """The instants at which the first day begins and the last one is over."""
        begins = datetime.combine(since, time(), self.zone)
        return begins, datetime.combine(until + timedelta(days=1), time(), self.zone)
