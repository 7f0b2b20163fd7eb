"""What piles up is thrown away once a night: jobs long done, sessions and walks to consent pages long over."""

from __future__ import annotations

from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts import attempts
from jobs import heartbeats, queue
from jobs.models import Job

KIND = "accounts.housekeeping"
# An hour when few people work and no report is due, UTC.
HOUR = 3


def open_nightly() -> None:
    """Make sure that the next night's job exists; called by every tick."""
    if Job.objects.filter(kind=KIND, state__in=Job.OPEN).exists():
        return
    now = timezone.now()
    tonight = now.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    queue.enqueue(KIND, run_at=tonight if tonight > now else tonight + timedelta(days=1))


def tidy() -> None:
    """Delete what nobody will ask for again. Safe to repeat, and to be killed at any point."""
    while queue.prune():
        pass
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
    attempts.forget_expired()
    heartbeats.prune()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
