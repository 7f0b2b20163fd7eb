"""Examples drawn by Hypothesis: the same in every run, so that what a run finds the next finds too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st


def each(strategy: st.SearchStrategy[Any], examples: int, look: Callable[[Any], None]) -> None:
    """Call `look` with as many examples; what it finds it keeps itself."""

    @settings(max_examples=examples, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(strategy)
    def drawn(example: Any) -> None:
        look(example)

    drawn()
