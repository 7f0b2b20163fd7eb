"""Which days a connection has told us everything about: what tells "nothing happened" from "nobody told us"."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from campaigns.models import Connection, LoadedSpan

ONE_DAY = timedelta(days=1)
# A file that says nothing for longer than this has not told us that nothing happened.
LONGEST_SILENCE = timedelta(days=7)

Span = tuple[date, date]


def of_file(days: Iterable[date]) -> list[Span]:
    """What a file with rows on `days` covers: all between its rows, except longer silences; nothing before or after."""
    return of_stretches((day, day) for day in days)


def of_stretches(stretches: Iterable[Span]) -> list[Span]:
    """The same of rows that last."""
    return merge(stretches, silence=LONGEST_SILENCE)


def record(source: Connection, family: str, new: list[Span]) -> None:
    """Add spans to what is known of one connection and family, in the caller's transaction."""
    known = LoadedSpan.objects.filter(connection=source, family=family)
    silence = LONGEST_SILENCE if source.credential_id is None else ONE_DAY
    merged = merge([*known.values_list("since", "until"), *new], silence=silence)
    known.delete()
    LoadedSpan.objects.bulk_create(LoadedSpan(connection=source, family=family, since=since, until=until) for since, until in merged)


def forget(source: Connection, family: str, gone: Span) -> None:
    """Count the days of `gone` as not loaded, in the caller's transaction: they are to be read again."""
    for span in list(LoadedSpan.objects.filter(connection=source, family=family, since__lte=gone[1], until__gte=gone[0])):
        span.delete()
        for since, until in ((span.since, gone[0] - ONE_DAY), (gone[1] + ONE_DAY, span.until)):
            if since <= until:
                LoadedSpan.objects.create(connection=source, family=family, since=since, until=until)


def merge(spans: Iterable[Span], *, silence: timedelta = ONE_DAY) -> list[Span]:
    """The same days as few spans, in order; those at most `silence` apart become one."""
    merged: list[Span] = []
    for since, until in sorted(spans):
        if merged and since - merged[-1][1] <= silence:
            merged[-1] = (merged[-1][0], max(until, merged[-1][1]))
        else:
            merged.append((since, until))
    return merged
