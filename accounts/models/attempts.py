from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from accounts.models.keys import Credential
from accounts.models.organisations import Client
from accounts.models.people import User


class OAuthAttempt(models.Model):
    """One walk of a person to a platform's consent page and back. See `accounts.attempts`."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="+")
    platform = models.CharField(max_length=40)
    # Scheme and host of the page the person left, to which they return: a session lives on one host.
    origin = models.CharField(max_length=300)
    # SHA-256 of the state, which has 256 random bits and is kept nowhere.
    state_digest = models.CharField(max_length=64, unique=True, editable=False)
    # The PKCE verifier, and what the platform answered; see `accounts.vault`. Both are wiped when they are used.
    verifier = models.BinaryField(editable=False)
    code = models.BinaryField(null=True, editable=False)
    # Why the platform gave none, in the words of RFC 6749, such as "access_denied".
    refusal = models.CharField(max_length=100, blank=True)
    # Whether the consent is to be the agency's, for all of its clients.
    for_agency = models.BooleanField(default=False)
    # What is reconnected: a consent, and one account by its id in the client's schema.
    renews = models.ForeignKey(Credential, on_delete=models.SET_NULL, null=True, related_name="+")
    connection_id = models.BigIntegerField(null=True)
    # What came of it.
    credential = models.ForeignKey(Credential, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.platform} by {self.user_id}"
