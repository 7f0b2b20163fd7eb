"""Which rows belong to one client, read from the models themselves: a table that joins later is found, not forgotten."""

from __future__ import annotations

from django.apps import apps
from django.conf import settings
from django.db.models import Field, Model

from accounts.models import Client

PLAIN_ID = "client_id"


def models_of_a_schema() -> list[type[Model]]:
    """Every model whose table stands in each client's schema."""
    return [model for model in apps.get_models(include_auto_created=True) if _is_of_clients(model)]


def public_models() -> dict[type[Model], str]:
    """Every public model whose rows may belong to one client, with the lookup that leads from a row to its client."""
    found: dict[type[Model], str] = {}
    candidates = [model for model in apps.get_models(include_auto_created=True) if not _is_of_clients(model) and model is not Client]
    before = -1
    while len(found) > before:
        before = len(found)
        for model in candidates:
            if model not in found and (lookup := _lookup(model, found)):
                found[model] = lookup
    return found


def _lookup(model: type[Model], found: dict[type[Model], str]) -> str:
    fields: list[Field[object, object]] = list(model._meta.local_concrete_fields)
    direct = [field.name for field in fields if field.related_model is Client]
    plain = [PLAIN_ID for field in fields if field.name == PLAIN_ID]
    through = [f"{field.name}__{found[field.related_model]}" for field in fields if field.related_model in found]
    return next(iter([*direct, *plain, *through]), "")


def _is_of_clients(model: type[Model]) -> bool:
    return model._meta.app_config.name in settings.TENANT_APPS
