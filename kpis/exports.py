"""What becomes of the tables of KPIs when a client is exported."""

from __future__ import annotations

from django.apps import apps

from accounts.models import Client
from accounts.portability import Refused, Table, leave_out, register
from kpis.checks import Wrong
from kpis.choice_entries import ENTRIES, entry_of
from kpis.models import Choice, DataVersion
from kpis.recompute import rebuild_all

KEPT = (Choice, DataVersion)
_NAMES = ", ".join(f"'{name}'" for name in ENTRIES)


def _refuse_wrong_choices(client: Client) -> None:
    """A value that nobody could have chosen would spoil every figure."""
    for choice in Choice.objects.order_by("pk"):
        try:
            entry_of(choice.name).read(choice.name, choice.value)
        except Wrong as wrong:
            raise Refused(f"tables/kpis_choice.csv, row with id {choice.pk}: {wrong}.") from None


for model in apps.get_app_config("kpis").get_models():
    if model not in KEPT:
        leave_out(model, "derived: sums of facts, rebuilt when they are back")
register(
    Table(Choice, checks=[("name", f"old.name IN ({_NAMES})", "not a choice")], after=_refuse_wrong_choices),
    # The number stays: the same figures go by the same number.
    Table(DataVersion, after=rebuild_all),
)
