"""Loopback stand-ins for the platforms, for the demo and the tests. They speak the published protocols and share one story.

The source "google_ads" is the module `google_ads` of this package and the one `PlatformSimulator` in it.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, ClassVar

from campaigns.simulators.business import Ledger

PLUMBING = frozenset({"business", "server"})


@dataclass(frozen=True)
class Request:
    """What a platform was asked. `path` is the part below the platform's own prefix; header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def json(cls, value: Any, status: int = 200) -> Answer:
        return cls(status, {"Content-Type": "application/json; charset=UTF-8"}, json.dumps(value, ensure_ascii=False).encode())


class PlatformSimulator(ABC):
    """One platform's protocol over the figures of the ledger. `as_of` is the day on which it is asked."""

    source: ClassVar[str]

    def __init__(self, ledger: Ledger, as_of: Callable[[], date]) -> None:
        self.ledger = ledger
        self.as_of = as_of

    @abstractmethod
    def answer(self, request: Request) -> Answer: ...

    @abstractmethod
    def settings(self, url: str) -> dict[str, str]:
        """The installation's settings under which the product reaches this stand-in at `url`."""

    @abstractmethod
    def secret(self) -> dict[str, str]:
        """A credential which this stand-in accepts."""


def sources() -> list[str]:
    """The slugs of all platforms with a stand-in, in alphabetical order."""
    return sorted(module.name for module in iter_modules(__path__) if module.name not in PLUMBING)


def simulator_for(source: str) -> type[PlatformSimulator]:
    """The stand-in of a platform. Raises `LookupError` for a platform without one."""
    if source not in sources():
        raise LookupError(f"There is no simulator for {source!r}; there are: {', '.join(sources())}.")
    module = import_module(f"{__name__}.{source}")
    own = [item for item in vars(module).values() if isinstance(item, type) and item.__module__ == module.__name__]
    found = [item for item in own if issubclass(item, PlatformSimulator)]
    if len(found) != 1 or found[0].source != source:
        raise TypeError(f"{module.__name__} must define exactly one PlatformSimulator, with source = {source!r}.")
    return found[0]
