from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.http import HttpRequest

from accounts import services
from accounts.audit import Actor
from accounts.models import Agency, AuditEvent, Client, Membership, User

if TYPE_CHECKING:
    ClientAdminBase = admin.ModelAdmin[Client]
    UserAdminBase = admin.ModelAdmin[User]
    AgencyAdminBase = admin.ModelAdmin[Agency]
    AdminBase = admin.ModelAdmin[Any]
else:
    ClientAdminBase = UserAdminBase = AgencyAdminBase = AdminBase = admin.ModelAdmin

# The admin is for superusers on the default host, and for public models only.


@admin.register(Agency)
class AgencyAdmin(AgencyAdminBase):
    """To make one, and to give it a host. All else is its own people's to change, on their settings page."""

    list_display = ("name", "slug", "host")
    search_fields = ("name", "slug", "host")
    fields = ("name", "slug", "host", "primary_colour", "accent_colour", "reply_to", "requires_second_factor")

    def get_readonly_fields(self, request: HttpRequest, obj: Agency | None = None) -> tuple[str, ...]:
        return tuple(name for name in self.fields if name != "host") if obj else ()

    def save_model(self, request: HttpRequest, obj: Agency, form: Any, change: bool) -> None:
        if change:
            services.change_agency(obj, Actor.of(request), host=obj.host)
        else:
            services.create_agency(obj, Actor.of(request))

    def has_delete_permission(self, request: HttpRequest, obj: Agency | None = None) -> bool:
        return False


@admin.register(Client)
class ClientAdmin(ClientAdminBase):
    list_display = ("name", "slug", "agency", "currency", "timezone")
    search_fields = ("name", "slug")
    # A client and its schema are made together, by `create_client`.
    exclude = ("schema_name",)
    # Names and language have a page, which records who changed them; currency and zone change every figure.
    readonly_fields = ("name", "language", "slug", "currency", "timezone", "agency", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Client | None = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(UserAdminBase):
    list_display = ("email", "name", "is_active")
    # Who may do what is said by memberships; the admin asks for superusers alone.
    exclude = ("password", "groups", "user_permissions")


class ReadOnlyAdmin(AdminBase):
    """To look at. What changes these rows leaves a line in the record, which an edit here would not."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    list_display = ("user", "role", "agency", "client")
    list_select_related = ("user", "agency", "client")
    search_fields = ("user__email",)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "actor_label", "verb", "agency", "client", "address")
    list_select_related = ("agency", "client")
    list_filter = ("verb",)
    search_fields = ("actor_label",)
    date_hierarchy = "at"


# An address is changed with its person, and what a session or a factor is made of is nobody's to read.
admin.site.unregister([EmailAddress, UserSession, Authenticator])


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnlyAdmin):
    """Who has a second factor. Whoever lost theirs is helped by `remove_second_factor`, which leaves a line in the record."""

    list_display = ("user", "type", "created_at", "last_used_at")
    fields = ("user", "type", "created_at", "last_used_at")
