"""What the rows of a file must agree on, whatever their order."""

from __future__ import annotations

from datetime import date

from campaigns.imports.faults import Fault
from campaigns.imports.kinds import Owner, Values
from campaigns.imports.reading import Reading
from campaigns.imports.reasons import Reason
from campaigns.records import AdDay, Record


class Coherence:
    """What a file has said so far of its accounts and campaigns, to notice when it contradicts itself."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        # The currency that each account's rows name, and the first line that does.
        self.currencies: dict[Owner, tuple[str, int]] = {}
        self._channels: dict[tuple[Owner, str], tuple[str, int]] = {}
        self._names: dict[tuple[Owner, str], tuple[date, str, int]] = {}

    def check(self, line: int, owner: Owner, values: Values, record: Record) -> None:
        """Notes a fault on the reading where the row contradicts an earlier one."""
        if self.reading.kind.one_currency:
            self._check_currency(line, owner, values)
        if isinstance(record, AdDay):
            self._check_campaign(line, owner, record)

    def _check_currency(self, line: int, owner: Owner, values: Values) -> None:
        currency = values["currency"]
        if currency is None:
            return
        first, _ = self.currencies.setdefault(owner, (currency, line))
        if first != currency:
            self._note(line, "currency", currency, Reason.OTHER_CURRENCY, currency=first)

    def _check_campaign(self, line: int, owner: Owner, record: AdDay) -> None:
        """One channel for a campaign in the whole file, and one name on each day."""
        key = (owner, record.campaign_id)
        channel, channel_line = self._channels.setdefault(key, (record.channel, line))
        if channel != record.channel:
            self._note(line, "channel", record.channel, Reason.OTHER_CHANNEL, channel=channel, line=channel_line)
        day, name, name_line = self._names.get(key, (record.day, record.campaign, line))
        if day == record.day and name != record.campaign:
            self._note(line, "campaign", record.campaign, Reason.OTHER_NAME, name=name, line=name_line)
        if record.day >= day:
            self._names[key] = (record.day, record.campaign, line)

    def _note(self, at: int, column: str, value: str, reason: Reason, **params: str | int) -> None:
        self.reading.note(Fault(at, self.reading.called(column), value, reason, params))
