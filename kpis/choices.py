"""What a client decides about how its figures are made."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Choices:
    """The choices in force. `margin`: the share of revenue that is left after the goods, where orders do not tell it.

    `week_start` is one of `periods.WEEK_STARTS`, `fiscal_start` a month.
    """

    engagement_parts: tuple[str, ...] = ("likes", "comments", "shares")
    with_tax: bool = False
    margin: Decimal | None = None
    sales_costs: tuple[str, ...] = ()
    ignored_costs: tuple[str, ...] = ()
    week_start: str = "monday"
    fiscal_start: int = 1

    def parameters(self) -> dict[str, Any]:
        """As the queries of `kpis.facts` name them."""
        return {
            "engagement_parts": list(self.engagement_parts),
            "with_tax": self.with_tax,
            "margin": self.margin,
            "sales_costs": list(self.sales_costs),
            "ignored_costs": list(self.ignored_costs),
        }


def in_force() -> Choices:
    return Choices()
