"""People's e-mail addresses as they are kept: keyed digests, by which somebody is found again and nobody is written to."""

from __future__ import annotations

import hashlib
import hmac

from accounts.models import Client
from campaigns.connectors.base import HashEmail


def email_hasher(client: Client) -> HashEmail:
    """HMAC-SHA256 under the client's key, in hexadecimal; the same for an address however it is written."""
    key = bytes(client.pseudonym_key)

    def hash_email(address: str) -> str:
        return hmac.new(key, address.strip().lower().encode(), hashlib.sha256).hexdigest()

    return hash_email
