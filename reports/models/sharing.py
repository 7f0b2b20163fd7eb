from __future__ import annotations

import secrets
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from accounts.models import Client, User
from reports.models.ledger import Delivery, Run


def new_nonce() -> str:
    return secrets.token_urlsafe(12)


class ShareLink(models.Model):
    """A signed address of one report as it was sent, for whoever holds it until it expires or is revoked.

    Made by a person, or by a delivery for the link in its mail.
    """

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="share_links")
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="share_links")
    delivery = models.OneToOneField(Delivery, on_delete=models.CASCADE, null=True, related_name="share_link")
    language = models.CharField(max_length=2)
    # Signed into the address: a link that was revoked cannot be made valid again by its number.
    nonce = models.CharField(max_length=16, default=new_nonce)
    # As `django.contrib.auth.hashers` makes it; "" for none.
    password = models.CharField(max_length=128, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.run} until {self.expires_at:%Y-%m-%d}"


class ShareView(models.Model):
    """That somebody opened a link."""

    link = models.ForeignKey(ShareLink, on_delete=models.CASCADE, related_name="views")
    at = models.DateTimeField(db_default=Now())
    address = models.GenericIPAddressField(null=True)
    agent = models.CharField(max_length=200, blank=True)
    what = models.CharField(max_length=4)  # "page" or "pdf"

    class Meta:
        indexes: ClassVar = [models.Index(fields=["link", "at"], name="reports_share_view")]

    def __str__(self) -> str:
        return f"{self.link} at {self.at}"
