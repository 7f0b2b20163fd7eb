"""What becomes of a report some of whose days are not loaded: by the schedule's policy it leaves, waits, or a person decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import msgspec

from accounts.models import Client
from reports import notices, scheduling
from reports.content import Report, SourceState
from reports.models import Run, Schedule

Policy = Schedule.Policy
# A held report is looked at again when figures change. A day that was loaded and empty changes none: hence also every so often.
LOOK_AGAIN = timedelta(minutes=15)


def missing(report: Report) -> list[SourceState]:
    """The sources that have not told every day of the report's period, so far as it is over."""
    return [source for source in report.sources if source.missing_days]


def awaited(schedule: Schedule, report: Report) -> list[SourceState]:
    """Those of the missing ones that the schedule waits for. The others are named like them, but hold nothing up."""
    return [source for source in missing(report) if waits_for(schedule, source, report.previous_since)]


def waits_for(schedule: Schedule, source: SourceState, previous_since: date) -> bool:
    """Whether a schedule waits for a source: for those it names; if it names none, for all that are not dormant."""
    return source.key in schedule.waits_for if schedule.waits_for is not None else not is_dormant(source, previous_since)


def is_dormant(source: SourceState, previous_since: date) -> bool:
    """A file of which nothing came for the period, nor for the one before, which began on `previous_since`.

    An account is asked every day and will tell; a file comes when a person sends it, and may never come again.
    """
    return source.kind == "file" and (source.complete_until is None or source.complete_until < previous_since)


def must_wait(run: Run, report: Report, now: datetime) -> bool:
    """Whether the report is held: data that it waits for is not complete, and its deadline has not come."""
    until = run.held_until or now + timedelta(hours=run.schedule.hold_hours)
    return run.schedule.policy == Policy.HOLD and bool(awaited(run.schedule, report)) and now < until


def hold(client: Client, run: Run, report: Report, now: datetime) -> None:
    """Put the run aside until its data is there, at most until its deadline; tell its owners, once."""
    if run.held_until is None:
        run.held_until = now + timedelta(hours=run.schedule.hold_hours)
        notices.tell(client, run, notices.HELD, notices.owners(client), {"sources": msgspec.to_builtins(awaited(run.schedule, report))})
    run.state = Run.State.HELD
    run.save(update_fields=["state", "held_until"])
    scheduling.enqueue(run, run.schedule, at=min(run.held_until, now + LOOK_AGAIN))


def asks_a_person(schedule: Schedule, report: Report) -> bool:
    return schedule.policy == Policy.APPROVAL and bool(awaited(schedule, report))


def marked(schedule: Schedule, report: Report) -> Report:
    """The report as it leaves: under a banner if days are missing, unless the schedule is content with the note at its end."""
    return replace(report, has_banner=schedule.policy != Policy.SEND and bool(missing(report)))
