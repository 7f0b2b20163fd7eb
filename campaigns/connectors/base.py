"""What a platform's connector is. No Django here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from campaigns.connectors.errors import LostAccess, Passing, UnexpectedAnswer
from campaigns.connectors.http import Http
from campaigns.records import Record

__all__ = ["Account", "Connector", "LostAccess", "Passing", "UnexpectedAnswer"]


@dataclass(frozen=True)
class Account:
    """One account on a platform, as the person chose it. `manager_id` is the account through which we reach it, if any."""

    external_id: str
    name: str
    currency: str
    timezone: str
    manager_id: str = ""


class Connector(ABC):
    """Reads one account of one platform. `source` is the platform's slug and the name of its module."""

    source: ClassVar[str]
    # Which family of facts the records belong to: "ads", "email", "site" …
    family: ClassVar[str]
    # Trailing days whose figures the platform may still change; they are read again every day.
    settle_days: ClassVar[int]

    def __init__(self, account: Account, settings: Mapping[str, str], secret: Mapping[str, str], http: Http) -> None:
        """`settings` are the installation's (addresses, our own keys), `secret` the decrypted credential."""
        self.account = account
        self.settings = settings
        self.secret = secret
        self.http = http

    @abstractmethod
    def fetch(self, since: date, until: date) -> Iterator[Record]:
        """Every row of the days `since` to `until`, both included, in the account's own calendar and currency.

        Raises `LostAccess`, `Passing` or `UnexpectedAnswer`. A day or campaign without activity yields no row.
        """
