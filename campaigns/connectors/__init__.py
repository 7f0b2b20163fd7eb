"""Connectors by name (`campaigns.discovery`)."""

from __future__ import annotations

from campaigns.connectors.base import Connector
from campaigns.discovery import modules, only_class

PLUMBING = frozenset({"answers", "base", "errors", "http", "oauth"})


def sources() -> list[str]:
    """The slugs of all platforms with a connector, in alphabetical order."""
    return modules(__path__, PLUMBING)


def settle_days(source: str, family: str) -> int:
    """Days for which a platform may still tell a family otherwise; 0 where its connector is gone, for nothing more will come."""
    return connector_for(source).settle_days(family) if source in sources() else 0


def connector_for(source: str) -> type[Connector]:
    """The connector of a platform. Raises `LookupError` for a platform without one."""
    if source not in sources():
        raise LookupError(f"There is no connector for {source!r}; there are: {', '.join(sources())}.")
    found: type[Connector] = only_class(__name__, source, Connector)
    return found
