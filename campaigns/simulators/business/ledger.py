"""The ledger of truth: what each platform shows of a business, and what the product must end up storing."""

from __future__ import annotations

from datetime import date

from campaigns.simulators.business import crm, files
from campaigns.simulators.business.ads import Ads
from campaigns.simulators.business.cast import MAISON_LUMEN
from campaigns.simulators.business.email import Email
from campaigns.simulators.business.figures import (
    AdConversionFigures,
    AdFigures,
    Charge,
    Contact,
    Customer,
    Deal,
    Invoice,
    LandingDay,
    ListDay,
    PageDay,
    Refund,
    Send,
    Subscription,
)
from campaigns.simulators.business.payments import Payments
from campaigns.simulators.business.people import People
from campaigns.simulators.business.site import Site
from campaigns.simulators.business.story import AdAccount, Business, Story

ANCHOR = date(2026, 11, 20)


class Ledger:
    """A pure function of (business, seed, anchor) and the days asked for. `anchor` is the day around which the story is told.

    Every function takes days in the business's calendar, both ends included, and `as_of`: the day whose evening's knowledge the platform
    shows. Nothing after `as_of` is known. Rows come in the order of their days. A day's rows do not depend on the days asked with it.
    """

    def __init__(self, business: Business = MAISON_LUMEN, seed: str = "one", anchor: date = ANCHOR) -> None:
        self.business = business
        self.story = Story(business, seed, anchor)
        self.ads = Ads(self.story)
        self.people = People(self.story, self.ads)
        self.payments = Payments(self.story, self.people)
        self.email = Email(self.story, self.people)
        self.site = Site(self.story, self.ads, self.people, self.email)
        self.crm = crm.Crm(self.story, self.people)

    @property
    def anchor(self) -> date:
        return self.story.anchor

    # ------------------------------------------------------------------------------------------------- Google Ads
    def ad_days(self, since: date, until: date, as_of: date, account: AdAccount | None = None) -> list[AdFigures]:
        """By day and campaign of one ad account (default: the main one); none without impressions."""
        return self.ads.days(since, until, as_of, account or self.business.main_ad_account)

    def ad_conversions(self, since: date, until: date, as_of: date, account: AdAccount | None = None) -> list[AdConversionFigures]:
        """By day of the click, campaign and conversion action; none without conversions.

        Summed over the actions, `conversions`, `value`, `all_conversions` and `all_value` are those of `ad_days`.
        """
        return self.ads.conversions(since, until, as_of, account or self.business.main_ad_account)

    # -------------------------------------------------------------------------------------------------- Mailchimp
    def sends(self, since: date, until: date, as_of: date) -> list[Send]:
        """Campaigns sent on the days, with their lifetime counters as of `as_of`; those deleted by then are missing."""
        return self.email.sends(since, until, as_of)

    def list_days(self, since: date, until: date, as_of: date) -> list[ListDay]:
        """By day and mailing list: what happened on the day, whichever send caused it. Deleted sends stay counted."""
        return self.email.list_days(since, until, as_of)

    # --------------------------------------------------------------------------------------------------------- GA4
    def landing_days(self, since: date, until: date, as_of: date) -> list[LandingDay]:
        """By day, landing page and origin of the session; today and yesterday are still being processed. None without sessions."""
        return self.site.landing_days(since, until, as_of)

    def page_days(self, since: date, until: date, as_of: date) -> list[PageDay]:
        """By day and page."""
        return self.site.page_days(since, until, as_of)

    # ----------------------------------------------------------------------------------------------------- HubSpot
    def contacts(self, since: date, until: date, as_of: date) -> list[Contact]:
        """Contacts created on the days as they stand on `as_of`, archived ones with `archived_at`.

        Of two contacts merged by then only the new one is there, created when the older one was.
        """
        return self.crm.contacts(since, until, as_of)

    def deals(self, since: date, until: date, as_of: date) -> list[Deal]:
        """Deals created on the days as they stand on `as_of`. `contact_id` is the contact's id on that day."""
        return self.crm.deals(since, until, as_of)

    # ------------------------------------------------------------------------------------------------------ Stripe
    def customers(self, since: date, until: date, as_of: date) -> list[Customer]:
        """Customers created on the days."""
        return self.payments.customers(since, min(until, as_of))

    def charges(self, since: date, until: date, as_of: date) -> list[Charge]:
        """Payments made or tried on the days, with what has been refunded of them by `as_of`. Amounts include tax and shipping."""
        return self.payments.charges(since, min(until, as_of), as_of)

    def refunds(self, since: date, until: date, as_of: date) -> list[Refund]:
        """Refunds made on the days, whenever the payment was."""
        return self.payments.refunds(since, min(until, as_of))

    def invoices(self, since: date, until: date, as_of: date) -> list[Invoice]:
        """Invoices made on the days: of subscriptions' periods and of won deals. Shop orders are charged without one."""
        return self.payments.invoices(since, min(until, as_of))

    def subscriptions(self, since: date, until: date, as_of: date) -> list[Subscription]:
        """Subscriptions started on the days, as they stand on `as_of`."""
        return self.payments.subscriptions(since, min(until, as_of), as_of)

    # ---------------------------------------------------------------------------------------------- imported files
    def leads(self, since: date, until: date, as_of: date | None = None) -> list[dict[str, str]]:
        """Enquiries created on the days, in the columns of an imported leads file, with stages until `as_of` (default: `until`)."""
        return files.leads(self.people, since, until, as_of or until)

    def orders(self, since: date, until: date) -> list[dict[str, str]]:
        """Shop orders and refunds dated on the days, in the columns of an imported orders file, net of tax, in the business's currency."""
        return files.orders(self.story, self.people, since, until)
