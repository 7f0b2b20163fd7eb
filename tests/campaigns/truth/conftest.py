from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from accounts.models import Client
from campaigns.simulators.server import Simulator
from tests.campaigns.truth.companies import COMPANIES, Clock, Company, client_of, platforms


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def simulator(clock: Clock, settings: Any) -> Iterator[Simulator]:
    with platforms(clock, settings) as running:
        yield running


@pytest.fixture
def company() -> Company:
    """Tests of one company alone are of this one; others name theirs."""
    return COMPANIES["paris"]


@pytest.fixture
def client(db: None, company: Company) -> Iterator[Client]:
    """The company as a client of ours, its schema open."""
    with client_of(company) as made:
        yield made
