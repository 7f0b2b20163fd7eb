"""An agency's person looks at a client's pages as its viewers see them: for that client, in this session, reading only.

Nobody sees more that way: `accounts.access.as_viewer` leaves of what they may what a viewer may, too.
"""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest

from accounts import audit
from accounts.audit import Actor
from accounts.models import Client

# Of the session: ids of clients that are looked at so.
KEY = "viewed_as"


def is_on(request: HttpRequest, client: Client) -> bool:
    """A program sends no session; a person's own requests of the API are held to the same."""
    return getattr(request, "token", None) is None and client.pk in request.session.get(KEY, ())


def begin(request: HttpRequest, client: Client) -> None:
    with transaction.atomic():
        audit.record("client.viewed_as", Actor.of(request), organisation=client, client=client.name)
        request.session[KEY] = sorted({*request.session.get(KEY, ()), client.pk})


def end(request: HttpRequest, client: Client) -> None:
    """Also when it had ended already."""
    if is_on(request, client):
        with transaction.atomic():
            audit.record("client.view_left", Actor.of(request), organisation=client, client=client.name)
            request.session[KEY] = [pk for pk in request.session[KEY] if pk != client.pk]
