"""Which days were told of each family of facts, and why a figure of other days is not known."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from campaigns.models import LoadedSpan
from tests.kpis.oracle.stored import ONE_DAY, Stored

Told = dict[int, set[date]]


class Covered:
    def __init__(self, stored: Stored) -> None:
        self.stored = stored
        # Days by family and connection.
        self.days: dict[str, Told] = defaultdict(lambda: defaultdict(set))
        for span in LoadedSpan.objects.all():
            family = self._counts_as(span.family, self.stored.connections[span.connection_id].source)
            days = {date.fromordinal(day) for day in range(span.since.toordinal(), span.until.toordinal() + 1)}
            if family:
                self.days[family][span.connection_id] |= days

        # Nobody need speak of what goes on.
        for family in {"subscriptions", "customers"} & self.days.keys():
            for days in self.days[family].values():
                days |= {date.fromordinal(day) for day in range(min(days).toordinal(), max(days).toordinal() + 1)}
        # Customers are known by the first of these that anybody tells.
        tellers = [family for family in ("orders", "subscriptions", "customers") if family in self.days]
        self.days["purchases"] = self.days[tellers[0]] if tellers else {}

    def _counts_as(self, family: str, source: str) -> str:
        """Leads, customers and orders of the system of record alone; what a CRM won is orders where it is the system of revenue."""
        if family in ("leads", "customers"):
            return family if source == self.stored.systems[family] else ""
        if family in ("orders", "deals"):
            return "orders" if source == self.stored.systems["revenue"] else ""
        return "email" if family == "email_days" else family

    def gap(self, family: str, since: date, until: date) -> str | None:
        """Why nothing is known of the period; None where at least a day was told."""
        told = {day for days in self.days[family].values() for day in days}
        if any(since <= day <= until for day in told):
            return None
        return "not_yet_observed" if told and since > max(told) else "not_reported"

    def last(self, family: str, since: date) -> date | None:
        """Up to which day all have told who are still to tell and told of `since` or later; where nobody is, up to which anybody had."""
        told = self.days[family]
        live = {connection for connection in told if self.stored.connections[connection].state != "disconnected"}
        if not live:
            last = max((day for days in told.values() for day in days), default=None)
            return last if last and last >= since else None
        return min((max(told[connection]) for connection in live if max(told[connection]) >= since), default=None)

    def is_whole(self, family: str, since: date, until: date) -> bool:
        """Whether each who ever told of the family told of each day; of those who were disconnected, until they were."""
        told = self.days[family]
        return bool(told) and all(self._is_whole(connection, days, since, until) for connection, days in told.items())

    def _is_whole(self, connection: int, days: set[date], since: date, until: date) -> bool:
        if self.stored.connections[connection].state == "disconnected":
            until = min(until, max(days))
        day = since
        while day <= until:
            if day not in days:
                return False
            day += ONE_DAY
        return True
