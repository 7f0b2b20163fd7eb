"""Connectors by name: the source "google_ads" is the module `google_ads` of this package and the one connector in it."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from campaigns.connectors.base import Connector

PLUMBING = frozenset({"answers", "base", "errors", "http", "oauth"})


def sources() -> list[str]:
    """The slugs of all platforms with a connector, in alphabetical order."""
    return sorted(module.name for module in iter_modules(__path__) if module.name not in PLUMBING)


def connector_for(source: str) -> type[Connector]:
    """The connector of a platform. Raises `LookupError` for a platform without one."""
    if source not in sources():
        raise LookupError(f"There is no connector for {source!r}; there are: {', '.join(sources())}.")
    module = import_module(f"{__name__}.{source}")
    own = [item for item in vars(module).values() if isinstance(item, type) and item.__module__ == module.__name__]
    found = [item for item in own if issubclass(item, Connector)]
    if len(found) != 1 or found[0].source != source:
        raise TypeError(f"{module.__name__} must define exactly one Connector, with source = {source!r}.")
    return found[0]
