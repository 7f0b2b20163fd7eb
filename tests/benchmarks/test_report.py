"""The time of one weekly report, from roll-ups to a finished message, and the share of each step."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from django.utils import timezone

from accounts import brand
from accounts.models import Client
from reports import gather, rendering
from reports.cadence import named
from reports.presentation import present
from tests.reports.conftest import WEEK, reported

__all__ = ["reported"]
pytestmark = [pytest.mark.benchmark, pytest.mark.django_db]
REPORTS = 30


def median(action: Callable[[], object]) -> float:
    times = []
    for _ in range(REPORTS):
        started = time.perf_counter()
        action()
        times.append(time.perf_counter() - started)
    return sorted(times)[REPORTS // 2]


LINKS = rendering.Links(*["http://x/"] * 5)


def test_time_per_report(reported: Client) -> None:
    report = gather.report(reported, named(WEEK), timezone.now())
    presentation = present(report, "fr", brand.of_organisation(reported))
    steps = {
        "figures": median(lambda: gather.report(reported, named(WEEK), timezone.now())),
        "words": median(lambda: present(report, "fr", brand.of_organisation(reported))),
        "PDF": median(lambda: rendering.pdf(presentation)),
        "mail": median(lambda: rendering.email_parts(presentation, LINKS)),
    }
    whole = sum(steps.values())
    shares = ", ".join(f"{name} {seconds * 1000:.0f} ms ({seconds / whole:.0%})" for name, seconds in steps.items())
    print(f"\n{whole * 1000:.0f} ms a report: {shares}; {1 / (whole - steps['figures']):.1f} reports/s once the figures are ready")
