"""What a command's arguments name, or the command's error."""

from __future__ import annotations

from django.core.management.base import CommandError

from accounts.models import Agency, Client, FormerSlug


def found_client(slug: str) -> Client:
    """Open or closing."""
    client = Client.objects.select_related("agency").filter(slug=slug).first()
    if client is None:
        moved = FormerSlug.objects.filter(slug=slug).select_related("client").first()
        raise CommandError(f"The client {slug!r} is called {moved.client.slug!r} now." if moved else f"There is no client {slug!r}.")
    return client


def found_agency(slug: str) -> Agency:
    agency = Agency.objects.filter(slug=slug).first()
    if agency is None:
        raise CommandError(f"There is no agency {slug!r}.")
    return agency
