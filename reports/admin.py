from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin

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
    list_display = ("schedule", "week", "state", "problem")
    list_filter = ("state",)
    list_select_related = ("schedule__client",)


@admin.register(Delivery)
class DeliveryAdmin(DeliveryAdminBase):
    list_display = ("run", "recipient", "state", "sent_at", "error")
    list_filter = ("state",)
    list_select_related = ("run__schedule__client", "recipient")
