"""What to ask a platform next: first the days it may still change, then history, the newest first, until there is none left."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from campaigns.connectors.base import Connector, Replaces, Stream
from campaigns.loaded import ONE_DAY, Span
from campaigns.models import Connection, LoadedSpan

# Local hour of the daily pull: the platforms have closed the day before, and reports are not yet due.
DAILY_HOUR = 4


@dataclass(frozen=True)
class Ask:
    """One request for the days `since` to `until` of a stream; those in `covered` are then known whole: today is not over yet.

    `stale`: days that were read while the platform might still change them, and not since; they are to be read once more.
    """

    stream: Stream
    since: date
    until: date
    covered: Span
    stale: Span | None = None


@dataclass(frozen=True)
class Progress:
    """How much of the history that a family is to have is loaded, in days, and up to which day."""

    family: str
    loaded: int
    wanted: int
    until: date | None

    @property
    def is_complete(self) -> bool:
        return self.loaded >= self.wanted


@dataclass(frozen=True)
class Reach:
    """The days of one connection's stream that are to be known: `earliest` to `yesterday`, in the account's zone."""

    stream: Stream
    earliest: date
    yesterday: date
    spans: tuple[Span, ...]

    def settling(self) -> Ask | None:
        """The days that the platform may still change; all there are, of a stream that is told in one go."""
        whole = self.stream.chunk_days is None
        since = self.earliest if whole else max(self.earliest, self.yesterday - ONE_DAY * (self.stream.settle_days - 1))
        if since > self.yesterday:
            return None
        until = self.yesterday if self.stream.replaces is Replaces.WINDOW else self.yesterday + ONE_DAY
        return Ask(self.stream, since, until, (since, self.yesterday), self._stale(since))

    def history(self) -> Ask | None:
        """The newest days that are missing, no more than one request covers."""
        gap = next(reversed(self.gaps()), None)
        if gap is None or self.stream.chunk_days is None:
            return None
        since = max(gap[0], gap[1] - ONE_DAY * (self.stream.chunk_days - 1))
        return Ask(self.stream, since, gap[1], (since, gap[1]))

    def gaps(self) -> list[Span]:
        """What is missing, the oldest first."""
        found, day = [], self.earliest
        for since, until in sorted(self.spans):
            if since > day:
                found.append((day, min(since - ONE_DAY, self.yesterday)))
            day = max(day, until + ONE_DAY)
        if day <= self.yesterday:
            found.append((day, self.yesterday))
        return [gap for gap in found if gap[0] <= gap[1]]

    def _stale(self, settling_since: date) -> Span | None:
        """After mornings without a pull. Of a keyed stream later changes come with the days on which they were made."""
        last = max((until for _since, until in self.spans), default=None)
        if last is None or self.stream.replaces is Replaces.KEYED or self.stream.chunk_days is None:
            return None
        since = max(self.earliest, last - ONE_DAY * (self.stream.settle_days - 2))
        until = min(last, settling_since - ONE_DAY)
        return (since, until) if since <= until else None

    def progress(self) -> Progress:
        wanted = max(0, (self.yesterday - self.earliest).days + 1)
        missing = sum((until - since).days + 1 for since, until in self.gaps())
        return Progress(self.stream.family, wanted - missing, wanted, max((until for _since, until in self.spans), default=None))


def reaches(source: Connection, connector: type[Connector], now: datetime) -> list[Reach]:
    """What is to be known of every stream; days that files tell are not asked of the platform."""
    spans: dict[str, list[Span]] = {}
    for span in LoadedSpan.objects.filter(connection=source):
        spans.setdefault(span.family, []).append((span.since, span.until))
    return [reach(source, stream, spans.get(stream.family, ()), now) for stream in connector.streams]


def reach(source: Connection, stream: Stream, spans: Iterable[Span], now: datetime) -> Reach:
    yesterday = now.astimezone(ZoneInfo(source.timezone)).date() - ONE_DAY
    earliest = yesterday - ONE_DAY * (stream.backfill_days - 1)
    if source.files_until:
        earliest = max(earliest, source.files_until + ONE_DAY)
    return Reach(stream, earliest, yesterday, tuple(spans))


def last_morning(source: Connection, now: datetime) -> datetime:
    """The latest moment at which the day before was due to be read."""
    local = now.astimezone(ZoneInfo(source.timezone))
    morning = local.replace(hour=DAILY_HOUR, minute=0, second=0, microsecond=0)
    return morning if morning <= local else morning - timedelta(days=1)


def next_morning(source: Connection, now: datetime) -> datetime:
    """When the day that is running now will be read."""
    local = now.astimezone(ZoneInfo(source.timezone))
    morning = local.replace(hour=DAILY_HOUR, minute=0, second=0, microsecond=0)
    return morning if morning > local else morning + timedelta(days=1)
