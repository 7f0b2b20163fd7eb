"""Schedules, reports and deliveries as pages tell them: in words, with the tone of a mark. Words are in the active language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from babel.dates import get_day_names
from django.utils.translation import get_language, gettext_noop, ngettext
from django.utils.translation import gettext as _

from reports import dates
from reports.models import Delivery, Recipient, Run, Schedule
from reports.presentation import words

Cadence, DayRule, Policy = Schedule.Cadence, Schedule.DayRule, Schedule.Policy
# The tones of components/state.html: "ok", "moving", "incomplete", "lost", "over", "off".
DELIVERIES: dict[str, tuple[str, str]] = {
    Delivery.State.QUEUED: (gettext_noop("Waiting"), "off"),
    Delivery.State.SENDING: (gettext_noop("Being sent"), "moving"),
    Delivery.State.DEFERRED: (gettext_noop("Tried again later"), "moving"),
    Delivery.State.SENT: (gettext_noop("Sent"), "ok"),
    Delivery.State.FAILED: (gettext_noop("Failed"), "lost"),
    Delivery.State.BOUNCED: (gettext_noop("Came back"), "lost"),
    Delivery.State.SUPPRESSED: (gettext_noop("Not sent to this address"), "over"),
    Delivery.State.UNKNOWN: (gettext_noop("Not known"), "incomplete"),
}
RUNS: dict[str, str] = {
    Run.State.DUE: "moving",
    Run.State.HELD: "moving",
    Run.State.APPROVAL: "moving",
    Run.State.FAILED: "lost",
    Run.State.SKIPPED: "over",
    Run.State.DECLINED: "over",
}
TO_CHECK = (Delivery.State.FAILED, Delivery.State.BOUNCED, Delivery.State.UNKNOWN)
MOVING = (Delivery.State.QUEUED, Delivery.State.SENDING, Delivery.State.DEFERRED)
FORMATS: dict[str, str] = {
    Recipient.Format.FULL: gettext_noop("Mail with the PDF"),
    Recipient.Format.MAIL: gettext_noop("Mail with a link to the PDF"),
    Recipient.Format.TEXT: gettext_noop("PDF, with a mail of plain text"),
}
NTH = {1: gettext_noop("first"), 2: gettext_noop("second"), 3: gettext_noop("third"), 4: gettext_noop("fourth"), -1: gettext_noop("last")}
_TIMES: dict[tuple[str, str], str] = {
    (Cadence.WEEKLY, ""): gettext_noop("Every %(weekday)s at %(time)s, on the week before"),
    (Cadence.FORTNIGHTLY, ""): gettext_noop("Every second %(weekday)s at %(time)s, on the two weeks before"),
    (Cadence.MONTHLY, DayRule.FIRST_BUSINESS_DAY): gettext_noop("On the first business day of each month at %(time)s, on the month before"),
    (Cadence.MONTHLY, DayRule.NTH_WEEKDAY): gettext_noop("On the %(nth)s %(weekday)s of each month at %(time)s, on the month before"),
    (Cadence.QUARTERLY, DayRule.FIRST_BUSINESS_DAY): gettext_noop(
        "On the first business day of each quarter at %(time)s, on the quarter before"
    ),
    (Cadence.QUARTERLY, DayRule.NTH_WEEKDAY): gettext_noop("On the %(nth)s %(weekday)s of each quarter at %(time)s, on the quarter before"),
}
POLICIES: dict[str, str] = {
    Policy.HOLD: gettext_noop("Wait for the data; what has not come by the deadline is named at the head"),
    Policy.BANNER: gettext_noop("Leave at once; what is missing is named at the head"),
    Policy.SEND: gettext_noop("Leave at once; what is missing is named at the end only"),
    Policy.APPROVAL: gettext_noop("Wait for a person, who decides whether it leaves like that"),
}


@dataclass(frozen=True)
class State:
    """A state in a word, and the tone of its mark."""

    word: str
    tone: str


@dataclass(frozen=True)
class Sent:
    """What became of one recipient's copy."""

    delivery: Delivery
    state: State
    reason: str

    @property
    def may_be_resent(self) -> bool:
        return self.delivery.state in (Delivery.State.FAILED, Delivery.State.UNKNOWN)

    @property
    def is_unknown(self) -> bool:
        return bool(self.delivery.state == Delivery.State.UNKNOWN)


def language() -> str:
    return "fr" if (get_language() or "en").startswith("fr") else "en"


def sent(delivery: Delivery) -> Sent:
    word, tone = DELIVERIES[delivery.state]
    # Reasons of ours have French; what a mail server said stays as it was said.
    return Sent(delivery, State(_(word), tone), _(delivery.error) if delivery.error else "")


def run_state(run: Run, deliveries: Iterable[Delivery]) -> State:
    states = [delivery.state for delivery in deliveries]
    word = words.run_state(run.state, states, run.problem)
    if run.state != Run.State.READY:
        return State(word, RUNS[run.state])
    if any(state in TO_CHECK for state in states):
        return State(word, "lost")
    return State(word, "moving" if any(state in MOVING for state in states) else "ok")


def run_name(run: Run) -> str:
    """ "Week 46 · 9–15 November 2026"; of other periods, their days."""
    is_week = run.schedule.cadence == Cadence.WEEKLY and run.since.isoweekday() == 1
    return dates.week(run.since, run.until, language()) if is_week else dates.days(run.since, run.until, language())


def schedule_name(schedule: Schedule) -> str:
    return schedule.name or words.cadence_name(schedule.cadence)


def schedule_state(schedule: Schedule) -> State:
    if schedule.removed_at:
        return State(_("Removed"), "over")
    if schedule.stopped_at:
        return State(_("Stopped after failures"), "lost")
    return State(_("Paused"), "off") if schedule.paused else State(_("Running"), "ok")


def weekdays() -> dict[int, str]:
    """Their names, by ISO number."""
    return {day + 1: name for day, name in sorted(get_day_names("wide", locale=language()).items())}


def in_words(schedule: Schedule) -> str:
    """ "Every Monday at 08:00, on the week before"."""
    is_weekly = schedule.cadence in (Cadence.WEEKLY, Cadence.FORTNIGHTLY)
    text = _(_TIMES[schedule.cadence, "" if is_weekly else schedule.day_rule])
    named = {"weekday": weekdays()[schedule.weekday], "nth": _(NTH[schedule.nth]), "time": f"{schedule.local_time:%H:%M}"}
    return text % named


def conditions(schedule: Schedule) -> list[str]:
    """What must hold before a report of it leaves, in sentences."""
    said = [_(POLICIES[schedule.policy])]
    if schedule.policy == Policy.HOLD:
        text = ngettext("It waits for %(count)d hour at most.", "It waits for %(count)d hours at most.", schedule.hold_hours)
        said = [f"{said[0]}. {text % {'count': schedule.hold_hours}}"]
    if schedule.needs_approval:
        who = [person.get_short_name() for person in (schedule.approver, schedule.deputy) if person]
        text = _("%(people)s approves it before it leaves") if who else _("One of the owners approves it before it leaves")
        said.append(text % {"people": _(" or ").join(who)})
    return said


def counted(states: Iterable[State]) -> list[dict[str, Any]]:
    """How many are in each state, in the order in which those first come."""
    found: dict[State, int] = {}
    for state in states:
        found[state] = found.get(state, 0) + 1
    return [{"state": state, "count": count} for state, count in found.items()]
