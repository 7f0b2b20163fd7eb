"""The mixin of django-tenants, with everything it would do by itself switched off."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from django.db import models

if TYPE_CHECKING:

    class TenantMixin(models.Model):
        """What django-tenants, which has no types, gives us."""

        class Meta:
            abstract = True

else:
    from django_tenants.models import TenantMixin


class Tenant(TenantMixin):
    """A row whose schema is made by `schemas.create`, never by `save()`."""

    schema_name = models.CharField(max_length=63, unique=True, editable=False)

    auto_create_schema = False
    auto_drop_schema = False

    class Meta:
        abstract = True

    def __enter__(self) -> NoReturn:
        """`with client:` would share one stack between threads; refused."""
        raise TypeError("use accounts.tenancy.inside(client)")
