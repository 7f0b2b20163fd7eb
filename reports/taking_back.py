"""What somebody just removed, for as long as they may want it back: their session keeps the last of each kind of a client's rows."""

from __future__ import annotations

from typing import TypeVar

from django.contrib import messages
from django.core import serializers
from django.db import models
from django.utils.html import format_html
from django.utils.translation import gettext as _

from accounts.gate import ClientRequest

Row = TypeVar("Row", bound=models.Model)


def offer(request: ClientRequest, removed: models.Model, said: str, address: str) -> None:
    """Say that it is removed, with a button that asks `address` to take that back."""
    request.session[_key(request, type(removed))] = serializers.serialize("json", [removed])
    button = '{} <button class="button small" form="at-once" formaction="{}" name="do" value="restore">{}</button>'
    messages.success(request, format_html(button, said, address, _("Take it back")))


def take(request: ClientRequest, model: type[Row]) -> Row | None:
    """The row that was removed last, as it was and not saved; None where there is none, or it was taken back already."""
    kept = request.session.pop(_key(request, model), "[]")
    found = next(serializers.deserialize("json", kept), None)
    return found.object if found and isinstance(found.object, model) else None


def _key(request: ClientRequest, model: type[models.Model]) -> str:
    return f"removed {request.client.pk} {model._meta.label_lower}"
