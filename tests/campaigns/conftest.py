"""What the tests of connectors share."""

from __future__ import annotations

import pytest

from campaigns.simulators.server import Exchange, Simulator


@pytest.fixture
def exchanges(simulator: Simulator) -> list[Exchange]:
    """What went over the wire, of a simulator that records."""
    assert simulator.recorder is not None
    return simulator.recorder


@pytest.fixture
def pauses() -> list[float]:
    """The seconds the plumbing waited, in order; nothing is really slept."""
    return []
