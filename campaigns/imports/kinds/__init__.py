"""The columns of every kind of file, and how a row becomes records."""

from campaigns.imports.kinds.ads import ADS
from campaigns.imports.kinds.base import DEFAULT_ACCOUNT, Column, Kind, Owner, Values, owner
from campaigns.imports.kinds.email import EMAIL
from campaigns.imports.kinds.money import BUDGETS, COSTS, ORDERS, SUBSCRIPTIONS, TARGETS
from campaigns.imports.kinds.people import CUSTOMERS, LEADS, TOUCHPOINTS
from campaigns.imports.kinds.site import PAGES, WEB
from campaigns.imports.kinds.social import AUDIENCE, SOCIAL

__all__ = ["DEFAULT_ACCOUNT", "KINDS", "Column", "Kind", "Owner", "Values", "owner"]

_ALL = (
    ADS, EMAIL, WEB, PAGES, SOCIAL, LEADS, CUSTOMERS, SUBSCRIPTIONS, AUDIENCE, ORDERS, COSTS, TOUCHPOINTS, TARGETS, BUDGETS,
)  # fmt: skip
KINDS = {kind.name: kind for kind in _ALL}
