"""By whom mail is sent: an SMTP server, or a mail provider's API with its reports of what came back."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured

from config import env

SMTP = "smtp"
# What each provider needs besides, and what may be set; the variable is the provider's name before it.
NEEDED = {
    "mailgun": ("API_KEY", "SENDER_DOMAIN", "WEBHOOK_SIGNING_KEY"),
    "postmark": ("SERVER_TOKEN",),
    "brevo": ("API_KEY",),
    "mailjet": ("API_KEY", "SECRET_KEY"),
}
OPTIONAL = ("API_URL",)
WEBHOOK_USER = "vigie"


def provider() -> str:
    return env.one_of("MAIL_PROVIDER", (SMTP, *NEEDED))


def backend(chosen: str) -> str:
    """Django's setting `EMAIL_BACKEND`."""
    return "django.core.mail.backends.smtp.EmailBackend" if chosen == SMTP else f"anymail.backends.{chosen}.EmailBackend"


def settings(chosen: str, timeout: int) -> dict[str, object]:
    """Anymail's settings; without a webhook's secret nobody could tell a provider from a stranger."""
    if chosen == SMTP:
        return {}
    secret = env.text("MAIL_WEBHOOK_SECRET", "")
    if len(secret) < 20 or ":" in secret:
        raise ImproperlyConfigured("Set MAIL_WEBHOOK_SECRET, or MAIL_WEBHOOK_SECRET_FILE, to at least 20 random letters and digits.")
    names = [f"{chosen}_{name}".upper() for name in NEEDED[chosen]]
    chosen_too = [name for name in (f"{chosen}_{name}".upper() for name in OPTIONAL) if env.is_set(name)]
    own = {name: env.text(name) for name in [*names, *chosen_too]}
    return own | {"WEBHOOK_SECRET": f"{WEBHOOK_USER}:{secret}", "REQUESTS_TIMEOUT": timeout}
