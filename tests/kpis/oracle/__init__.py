"""A second opinion on every KPI: plain loops and fractions over the facts as they are stored.

Written from what the figures are said to be, not from the queries that compute them; it imports nothing of `kpis`.
"""

from tests.kpis.oracle.answering import Oracle, Part
from tests.kpis.oracle.decided import Decided, Decision

__all__ = ["Decided", "Decision", "Oracle", "Part"]
