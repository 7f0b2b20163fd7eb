from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.http import HttpRequest

from accounts.models import Agency, AuditEvent, Client, Membership, User

if TYPE_CHECKING:
    ClientAdminBase = admin.ModelAdmin[Client]
    UserAdminBase = admin.ModelAdmin[User]
    AuthenticatorAdminBase = admin.ModelAdmin[Authenticator]
    AdminBase = admin.ModelAdmin[Any]
else:
    ClientAdminBase = UserAdminBase = AuthenticatorAdminBase = AdminBase = admin.ModelAdmin

# The admin is for superusers on the default host, and for public models only.
admin.site.register(Agency)


@admin.register(Client)
class ClientAdmin(ClientAdminBase):
    list_display = ("name", "slug", "agency", "currency", "timezone")
    search_fields = ("name", "slug")
    # A client and its schema are made together, by `create_client`.
    exclude = ("schema_name",)
    # A change of these changes figures, and has to mark every day: not by editing a row.
    readonly_fields = ("slug", "currency", "timezone", "agency")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Client | None = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(UserAdminBase):
    list_display = ("email", "name", "is_active")
    exclude = ("password",)


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
class AuthenticatorAdmin(AuthenticatorAdminBase):
    """For whoever lost their second factor and their recovery codes: delete it, and they sign in by password."""

    list_display = ("user", "type", "created_at", "last_used_at")
    fields = ("user", "type", "created_at", "last_used_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Authenticator | None = None) -> bool:
        return False
