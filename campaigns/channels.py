"""The fixed channel list, and what platforms' own words for channels mean. Texts are translated by whoever shows them."""

from __future__ import annotations


def gettext_noop(text: str) -> str:
    return text


_ = gettext_noop
UNKNOWN = "unknown"
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
# The default channel group of Google Analytics, and the original source of HubSpot, in lower case with spaces for underscores.
BY_GROUP: dict[str, str] = {
    "paid search": "paid_search",
    "paid shopping": "paid_search",
    "cross-network": "paid_search",
    "paid social": "paid_social",
    "display": "display",
    "paid video": "video",
    "paid other": "other",
    "organic search": "organic_search",
    "organic shopping": "organic_search",
    "organic social": "organic_social",
    "organic video": "organic_social",
    "social media": "organic_social",
    "email": "email",
    "email marketing": "email",
    "affiliates": "affiliation",
    "referral": "referral",
    "referrals": "referral",
    "ai referrals": "referral",
    "direct": "direct",
    "direct traffic": "direct",
    "offline": "offline",
    "offline sources": "offline",
    "other campaigns": "other",
    "audio": "other",
    "sms": "other",
    "mobile push notifications": "other",
}
BY_MEDIUM: dict[str, str] = {
    "cpc": "paid_search",
    "ppc": "paid_search",
    "paidsearch": "paid_search",
    "paid_search": "paid_search",
    "paidsocial": "paid_social",
    "paid_social": "paid_social",
    "display": "display",
    "banner": "display",
    "cpm": "display",
    "video": "video",
    "organic": "organic_search",
    "social": "organic_social",
    "email": "email",
    "e-mail": "email",
    "newsletter": "email",
    "affiliate": "affiliation",
    "affiliates": "affiliation",
    "referral": "referral",
    "(none)": "direct",
    "offline": "offline",
}
SOCIAL_NETWORKS = ("facebook", "fb", "instagram", "ig", "linkedin", "tiktok", "twitter", "x.com", "pinterest", "snapchat", "youtube")
# What analytics write where there is no campaign.
NO_CAMPAIGN = frozenset({"", "(not set)", "(none)", "(direct)", "(organic)", "(referral)", "(other)"})
