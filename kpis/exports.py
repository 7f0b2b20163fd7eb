"""What becomes of the tables of KPIs when a client is exported."""

from __future__ import annotations

from accounts.portability import Table, leave_out, register
from kpis.models import AdRollup, DataVersion, LeadRollup, OrderRollup
from kpis.recompute import rebuild_all

for rollup in (AdRollup, LeadRollup, OrderRollup):
    leave_out(rollup, "derived: sums of facts, rebuilt when they are back")
# The number stays: the same figures go by the same number.
register(Table(DataVersion, after=rebuild_all))
