"""The fixed channel list. Texts are translated by whoever shows them."""

from __future__ import annotations


def gettext_noop(text: str) -> str:
    return text


_ = gettext_noop
CHANNELS: dict[str, str] = {
    "paid_search": _("Paid search"),
    "paid_social": _("Paid social"),
    "display": _("Display"),
    "video": _("Video"),
    "organic_search": _("Organic search"),
    "organic_social": _("Organic social"),
    "email": _("E-mail"),
    "affiliation": _("Affiliation"),
    "referral": _("Referral"),
    "direct": _("Direct"),
    "offline": _("Offline"),
    "other": _("Other"),
    "unknown": _("Unknown"),
}
# What an ad row without a channel of its own counts as.
BY_SOURCE: dict[str, str] = {
    "google_ads": "paid_search",
    "microsoft_ads": "paid_search",
    "meta_ads": "paid_social",
    "facebook_ads": "paid_social",
    "linkedin_ads": "paid_social",
    "tiktok_ads": "paid_social",
}
