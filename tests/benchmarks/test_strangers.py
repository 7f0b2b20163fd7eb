"""What a stranger with a stopwatch learns: the time of a 404 for a client that exists, against one for a client that does not."""

from __future__ import annotations

import statistics
import time

import pytest
from django.test import Client as Browser

from tests.conftest import Cast

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db]
ROUNDS = 600


def test_a_404_takes_as_long_for_a_client_that_exists(cast: Cast) -> None:
    browser = Browser(SERVER_NAME="localhost")
    browser.force_login(cast.stranger, backend="allauth.account.auth_backends.AuthenticationBackend")
    times: dict[str, list[float]] = {"lumen": [], "nobody": []}
    for number in range(ROUNDS):
        for slug in sorted(times, reverse=bool(number % 2)):
            started = time.perf_counter()
            assert browser.get(f"/c/{slug}/").status_code == 404
            times[slug].append(time.perf_counter() - started)
    there, nowhere = (statistics.median(times[slug]) * 1e6 for slug in ("lumen", "nobody"))
    noise = statistics.stdev(times["nobody"]) * 1e6 / ROUNDS**0.5
    figures = f"exists {there:.0f} µs, does not {nowhere:.0f} µs, ratio {there / nowhere:.3f}, noise of a mean {noise:.0f} µs"
    print(f"\n404 for a stranger: {figures}")
