"""What a reader of the overview wants to see, as it is in the address: it can be sent to a colleague."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest

from accounts.models import Client, Label, currencies_in_use
from reports.agency.lines import sort_keys
from reports.agency.needs import Kind

DEFAULT_SORT = "name"
ALL = "all"
# The currency one chose last is kept for the next visit.
KEPT = "overview_currency"


@dataclass(frozen=True)
class Wish:
    """`currency` and `label` may be "", `need` a kind of need, `ALL` or "" for the most urgent. `page` counts from 1."""

    q: str
    label: str
    sort: str
    currency: str
    need: str
    page: int

    @classmethod
    def of(cls, request: HttpRequest, labels: Collection[Label]) -> Wish:
        """What nobody can have is as good as not asked for."""
        asked = request.GET
        sort = asked.get("sort", "")
        label, currency, need = asked.get("label", ""), asked.get("currency", request.session.get(KEPT, "")), asked.get("need", "")
        page = asked.get("page", "")
        return cls(
            asked.get("q", "")[:100],
            label if label in {str(one.pk) for one in labels} else "",
            sort if sort.removeprefix("-") in sort_keys() else DEFAULT_SORT,
            currency if currency in currencies_in_use() else "",
            need if need in (*Kind, ALL) else "",
            max(1, int(page)) if page.isdecimal() and len(page) < 6 else 1,
        )

    def query(self, **other: str) -> str:
        """The address's query with some of it otherwise. It begins on the first page again, unless that is what is asked for."""
        plain = {"q": self.q, "label": self.label, "sort": "" if self.sort == DEFAULT_SORT else self.sort, "currency": self.currency}
        wanted = {name: value for name, value in (plain | {"need": self.need} | other).items() if value}
        return "?" + urlencode(wanted)

    @property
    def narrows(self) -> bool:
        return bool(self.q or self.label)


def usual_currency(clients: Collection[Client]) -> str:
    """The one that most clients have."""
    counted = Counter(client.currency for client in clients)
    return min(counted, key=lambda currency: (-counted[currency], currency), default="")
