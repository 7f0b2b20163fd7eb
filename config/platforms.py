"""Addresses, versions and our own keys of every platform. They are settings, for every platform retires a version a year."""

from __future__ import annotations

from config import env

GOOGLE_CONSENT = {"authorize_url": "https://accounts.google.com/o/oauth2/v2/auth", "token_url": "https://oauth2.googleapis.com/token"}
OWN_KEYS = {"client_id": "", "client_secret": ""}
DEFAULTS = {
    "google_ads": {"base_url": "https://googleads.googleapis.com", "version": "v26", "developer_token": "", **GOOGLE_CONSENT, **OWN_KEYS},
    "google_analytics": {
        "base_url": "https://analyticsdata.googleapis.com",
        "admin_url": "https://analyticsadmin.googleapis.com",
        "version": "v1beta",
        **GOOGLE_CONSENT,
        **OWN_KEYS,
    },
    "hubspot": {
        "base_url": "https://api.hubapi.com",
        "version": "2026-09",
        "authorize_url": "https://app.hubspot.com/oauth/authorize",
        "token_url": "https://api.hubapi.com/oauth/v1/token",
        **OWN_KEYS,
    },
    # Each account has a host of its own, which its consent names.
    "mailchimp": {
        "base_url": "",
        "version": "3.0",
        "authorize_url": "https://login.mailchimp.com/oauth2/authorize",
        "token_url": "https://login.mailchimp.com/oauth2/token",
        "metadata_url": "https://login.mailchimp.com/oauth2/metadata",
        **OWN_KEYS,
    },
    "stripe": {
        "base_url": "https://api.stripe.com",
        "version": "2026-10-28.endive",
        "authorize_url": "https://connect.stripe.com/oauth/authorize",
        "token_url": "https://connect.stripe.com/oauth/token",
        **OWN_KEYS,
    },
}


def from_environment() -> dict[str, dict[str, str]]:
    """The setting `name` of a platform is the variable `PLATFORM_NAME`."""
    return {
        platform: {name: env.text(f"{platform}_{name}".upper(), default) for name, default in settings.items()}
        for platform, settings in DEFAULTS.items()
    }
