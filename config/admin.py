"""Django's admin, for superusers only."""

from __future__ import annotations

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest


class SuperuserSite(AdminSite):
    def has_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and getattr(request.user, "is_superuser", False))


class SuperuserAdminConfig(AdminConfig):
    default_site = "config.admin.SuperuserSite"
