"""What families of facts are called. Texts are translated by whoever shows them."""

from __future__ import annotations

from campaigns.channels import gettext_noop as _

NAMES: dict[str, str] = {
    "ads": _("Ads"),
    "email": _("Mailings"),
    "email_days": _("E-mail by day"),
    "site": _("Visits"),
    "pages": _("Pages"),
    "social": _("Posts"),
    "audience": _("Subscribers and followers"),
    "leads": _("Leads"),
    "deals": _("Deals"),
    "touches": _("Touchpoints"),
    "customers": _("Customers"),
    "orders": _("Orders"),
    "subscriptions": _("Subscriptions"),
    # Whichever of orders, subscriptions and customers tells who bought.
    "purchases": _("Purchases"),
    "costs": _("Costs"),
    "budgets": _("Budgets"),
    "targets": _("Targets"),
}
