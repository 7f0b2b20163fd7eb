from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.http import HttpRequest

from reports.models import Delivery, Run, Schedule

if TYPE_CHECKING:
    ScheduleAdminBase = admin.ModelAdmin[Schedule]
    RunAdminBase = admin.ModelAdmin[Run]
    DeliveryAdminBase = admin.ModelAdmin[Delivery]
else:
    ScheduleAdminBase = RunAdminBase = DeliveryAdminBase = admin.ModelAdmin


@admin.register(Schedule)
class ScheduleAdmin(ScheduleAdminBase):
    list_display = ("client", "weekday", "local_time", "next_run_at", "paused", "problem")
    list_select_related = ("client",)


@admin.register(Run)
class RunAdmin(RunAdminBase):
    list_display = ("schedule", "period", "state", "problem")
    list_filter = ("state",)
    list_select_related = ("schedule__client",)

    # A run is opened by its schedule: one made by hand would have no job.
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(Delivery)
class DeliveryAdmin(DeliveryAdminBase):
    list_display = ("run", "recipient", "state", "sent_at", "error")
    list_filter = ("state",)
    list_select_related = ("run__schedule__client", "recipient")

    # It tells what was sent, which nobody's hand does here.
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
