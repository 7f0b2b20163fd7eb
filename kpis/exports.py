"""What becomes of the tables of KPIs when a client is exported."""

from __future__ import annotations

from django.apps import apps

from accounts.portability import Table, leave_out, register
from kpis.models import DataVersion
from kpis.recompute import rebuild_all

KEPT = (DataVersion,)
for model in apps.get_app_config("kpis").get_models():
    if model not in KEPT:
        leave_out(model, "derived: sums of facts, rebuilt when they are back")
# The number stays: the same figures go by the same number.
register(Table(DataVersion, after=rebuild_all))
