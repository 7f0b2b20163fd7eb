"""What the product must hold of each platform, worked out from the ledger of truth alone: no connector has a part in it."""

from __future__ import annotations

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from accounts.models import Client
from campaigns.models import Connection
from campaigns.simulators.business import Ledger, figures
from tests.campaigns.truth.companies import ONE_DAY, since
from tests.campaigns.truth.stored import Row, Rows

NANO, MICRO, MILLION = 10**9, 10**6, 10**6
# As people read the names of Google's kinds of campaigns.
CHANNELS = {
    "SEARCH": "paid_search",
    "SHOPPING": "paid_search",
    "PERFORMANCE_MAX": "paid_search",
    "DISPLAY": "display",
    "DEMAND_GEN": "display",
    "VIDEO": "video",
}
# What HubSpot calls where somebody came from; anything else is one of its other campaigns.
GROUPS = {
    "paid_search": "PAID_SEARCH",
    "organic_search": "ORGANIC_SEARCH",
    "organic_social": "SOCIAL_MEDIA",
    "email": "EMAIL_MARKETING",
    "referral": "REFERRALS",
    "direct": "DIRECT_TRAFFIC",
}
DEAL_STAGES = {"qualifiedtobuy": "Qualified", "contractsent": "Offer sent", "closedwon": "Won", "closedlost": "Lost"}
WITHOUT_CENTS = frozenset({"jpy"})
MONTHS = {"month": 1, "year": 12}
LANDING = ("sessions", "engaged_sessions", "pageviews", "engagement_seconds", "conversions_millionths", "revenue_nano")
NOT_TOLD_BY_GA4 = ("bounces", "session_seconds", "users")
Told = dict[str, Rows]


class Truth:
    """What one account must have come to in a client's own calendar, its addresses under the client's key.

    It was read on the evenings `read_on`, the last of which it is. `yesterday` is the last day that was over when it was read last.
    """

    def __init__(self, client: Client, source: Connection, ledger: Ledger, read_on: Sequence[date], yesterday: date | None = None) -> None:
        self.zone = ZoneInfo(client.timezone)
        self.key = bytes(client.pseudonym_key)
        self.source = source
        self.ledger = ledger
        self.read_on = read_on
        self.as_of = read_on[-1]
        self.yesterday = yesterday or self.as_of - ONE_DAY
        self.since = since(source)

    def told(self) -> Told:
        """By table; tables without a row are left out."""
        told: Told = PLATFORMS[self.source.source](self)
        return {table: rows for table, rows in told.items() if rows}

    # --------------------------------------------------------------------------------------------------- Google Ads
    def google_ads(self) -> Told:
        account = next(one for one in self.ledger.business.accounts.google_ads if one.id == self.source.account)
        until = self.yesterday
        days = self.ledger.ad_days(self.since, until, self.as_of, account)
        by_action = self.ledger.ad_conversions(self.since, until, self.as_of, account)
        totals = {(row.day, row.campaign.id, ""): conversions(row.conversions, row.value) for row in days}
        actions = {(row.day, row.campaign.id, row.action.id): conversions(row.all_conversions, row.all_value) for row in by_action}
        return {
            "AdDay": {(row.day, row.campaign.id): ad_day(row) for row in days},
            "AdConversion": totals | actions,
            "PlatformCampaign": {(row.campaign.id,): {"name": row.campaign.name, "channel": CHANNELS[row.campaign.kind]} for row in days},
            "ConversionAction": {
                (action.id,): {"name": action.name, "category": action.category, "counts": action.is_primary}
                for action in self.ledger.business.actions.values()
            },
        }

    # --------------------------------------------------------------------------------------------- Google Analytics
    def google_analytics(self) -> Told:
        until = self.yesterday
        landings: Rows = defaultdict(lambda: dict.fromkeys(LANDING, 0) | dict.fromkeys(NOT_TOLD_BY_GA4))
        for row in self.ledger.landing_days(self.since, until, self.as_of):
            # Links of newsletters carry nothing but where they come from, which is told beside.
            said = ("", row.group, row.source, row.medium, row.campaign, "")
            together = landings[row.day, row.landing_page.partition("?")[0], said]
            for name, figure in landing(row).items():
                together[name] += figure
        views = self.ledger.page_days(self.since, until, self.as_of)
        return {
            "LandingDay": dict(landings),
            "PageDay": {
                (row.day, row.page): {"views": row.views, "exits": None, "seconds": row.engagement_seconds, "basis": "ga4"} for row in views
            },
        }

    # ---------------------------------------------------------------------------------------------------- Mailchimp
    def mailchimp(self) -> Told:
        """A mailing that was deleted there stays as it was last seen."""
        names = {one.id: one.name for one in self.ledger.business.lists}
        last = self.as_of - ONE_DAY
        days = self.ledger.list_days(self.since, last, last)
        seen = [send for read in self.read_on for send in self.ledger.sends(self.ledger.story.opened_on, read, read)]
        return {
            "EmailSend": {(send.id,): self.send(send) for send in seen},
            "AudienceDay": {
                (row.day, names[row.list_id]): {"subscribers": row.members, "joined": row.joined, "left": row.left} for row in days
            },
        }

    def send(self, send: figures.Send) -> Row:
        return {
            "day": self.day(send.sent_at),
            "sent_at": send.sent_at,
            "name": send.title,
            "subject": send.subject,
            "list_name": send.list_name,
            "origin": NOWHERE,
            "sent": send.emails_sent,
            "hard_bounces": send.hard_bounces,
            "soft_bounces": send.soft_bounces,
            "opens": send.opens,
            "unique_opens": send.unique_opens,
            "clicks": send.clicks,
            "unique_clicks": send.unique_subscriber_clicks,
            "unsubscribes": send.unsubscribes,
            "spam_complaints": send.abuse_reports,
            "basis": "machine_opens",
            "seed_sent": None,
            "seed_inbox": None,
            "revenue_nano": int(send.revenue * NANO),
            "currency": self.ledger.business.currency,
        }

    # ------------------------------------------------------------------------------------------------------ HubSpot
    def hubspot(self) -> Told:
        opened = self.ledger.story.opened_on
        contacts = self.ledger.contacts(opened, self.as_of, self.as_of)
        return {
            "Lead": {(contact.id,): self.lead(contact) for contact in contacts if is_lead(contact)},
            "Deal": {(deal.id,): self.deal(deal) for deal in self.ledger.deals(opened, self.as_of, self.as_of)},
        }

    def lead(self, contact: figures.Contact) -> Row:
        stages = [at for stage, at in contact.history if stage != "subscriber"]
        created = stages[0] if contact.entered("subscriber") else contact.created_at
        return {
            "created_at": created,
            "day": self.day(created),
            "origin": said_by_hubspot(contact.touch),
            "landing_page": contact.landing_page,
            "score": contact.score,
            "mql_at": contact.entered("marketingqualifiedlead"),
            "sql_at": contact.entered("salesqualifiedlead"),
            "won_at": contact.entered("customer"),
            "lost_at": None,
            "customer_ref": "",
            "value_nano": None,
            "currency": "",
            "email_hash": self.hashed(contact.email),
        }

    def deal(self, deal: figures.Deal) -> Row:
        return {
            "lead_ref": deal.contact_id,
            "name": deal.name,
            "created_at": deal.created_at,
            "day": self.day(deal.created_at),
            "stage": DEAL_STAGES[deal.stage],
            "stages": {DEAL_STAGES[stage]: at for stage, at in deal.history},
            "won_at": deal.closes_at if deal.stage == "closedwon" else None,
            "lost_at": deal.closes_at if deal.stage == "closedlost" else None,
            "amount_nano": int(deal.amount * NANO),
            "currency": deal.currency,
        }

    # ------------------------------------------------------------------------------------------------------- Stripe
    def stripe(self) -> Told:
        opened, as_of = self.ledger.story.opened_on, self.as_of
        charges = {charge.id: charge for charge in self.ledger.charges(opened, as_of, as_of) if charge.status == "succeeded"}
        refunds = self.ledger.refunds(opened, as_of, as_of)
        contracts = self.ledger.subscriptions(opened, as_of, as_of)
        return {
            "Customer": {(one.id,): self.customer(one) for one in self.ledger.customers(opened, as_of, as_of)},
            "Order": {(charge.id,): self.order(charge) for charge in charges.values()}
            | {(refund.id,): self.refund(refund, charges[refund.charge_id]) for refund in refunds},
            "SubscriptionSpan": {
                (one.id, one.started_at): self.subscription(one)
                for one in contracts
                if one.ended_at is None or one.ended_at > one.started_at
            },
        }

    def customer(self, customer: figures.Customer) -> Row:
        return {
            "day": self.day(customer.created_at),
            "acquired_at": None,
            "cancelled_at": None,
            "origin": said_by_stripe(customer.touch),
            "email_hash": self.hashed(customer.email),
        }

    def order(self, charge: figures.Charge) -> Row:
        whole, tax = charge.amount_minor, charge.tax_minor
        return self._order("order", charge.created_at, charge, whole, whole - tax)

    def refund(self, refund: figures.Refund, charge: figures.Charge) -> Row:
        """Gives back of the tax what it gives back of the payment, to whom it came from."""
        net = half_up(Fraction(refund.amount_minor * (charge.amount_minor - charge.tax_minor), charge.amount_minor))
        return self._order("refund", refund.created_at, charge, -refund.amount_minor, -net) | {"refund_of": charge.id}

    def _order(self, kind: str, at: datetime, charge: figures.Charge, whole: int, net: int) -> Row:
        """The tax is known where there is an invoice."""
        tells_tax = bool(charge.invoice_id)
        return {
            "kind": kind,
            "ordered_at": at,
            "day": self.day(at),
            "amount_nano": minor(net if tells_tax else whole, charge.currency),
            "tax_nano": minor(whole - net, charge.currency) if tells_tax else None,
            "shipping_nano": None,
            "margin_nano": None,
            "currency": charge.currency.upper(),
            "customer_ref": charge.customer_id,
            "email_hash": self.hashed(charge.email),
            "refund_of": "",
            "product": "",
            "origin": said_by_stripe(charge.touch),
        }

    def subscription(self, contract: figures.Subscription) -> Row:
        a_month = Fraction(contract.unit_minor * contract.quantity, MONTHS[contract.plan.interval])
        return {
            "day": self.day(contract.started_at),
            "ended_at": contract.ended_at,
            "customer_ref": contract.customer_id,
            "mrr_nano": half_up(a_month * minor(1, contract.currency)),
            "currency": contract.currency.upper(),
        }

    # ----------------------------------------------------------------------------------------------------- anything
    def day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def hashed(self, address: str) -> str:
        return hmac.new(self.key, address.lower().encode(), hashlib.sha256).hexdigest() if address else ""


PLATFORMS: dict[str, Callable[[Truth], Told]] = {
    "google_ads": Truth.google_ads,
    "google_analytics": Truth.google_analytics,
    "hubspot": Truth.hubspot,
    "mailchimp": Truth.mailchimp,
    "stripe": Truth.stripe,
}
Said = tuple[str, str, str, str, str, str]
NOWHERE: Said = ("", "", "", "", "", "")


def ad_day(row: figures.AdFigures) -> Row:
    return {"impressions": row.impressions, "clicks": row.clicks, "all_clicks": None, "spend_nano": row.cost_micros * (NANO // MICRO)}


def conversions(count: Decimal, value: Decimal) -> Row:
    return {"conversions_millionths": int(count * MILLION), "value_nano": int(value * NANO), "basis": ""}


def landing(row: figures.LandingDay) -> dict[str, int]:
    told = (
        row.sessions,
        row.engaged_sessions,
        row.views,
        row.engagement_seconds,
        row.key_events * MILLION,
        int(row.revenue * NANO),
    )
    return dict(zip(LANDING, told, strict=True))


def is_lead(contact: figures.Contact) -> bool:
    """Somebody who only subscribed is none, nor is anybody who was deleted."""
    return not contact.archived_at and {stage for stage, _ in contact.history} != {"subscriber"}


def has_paid(contract: figures.Subscription) -> bool:
    return contract.ended_at is None or contract.ended_at > contract.started_at


def said_by_hubspot(touch: figures.Touch) -> Said:
    group = GROUPS.get(touch.channel, "OTHER_CAMPAIGNS")
    if group == "OTHER_CAMPAIGNS":
        return ("", group, touch.source, touch.medium, touch.campaign, "")
    if group in ("PAID_SEARCH", "EMAIL_MARKETING"):
        return ("", group, "", "", touch.campaign, "")
    source = {"REFERRALS": touch.source, "DIRECT_TRAFFIC": ""}.get(group, touch.source.upper())
    return ("", group, source, "", "", "")


def said_by_stripe(touch: figures.Touch) -> Said:
    return ("", "", touch.source, touch.medium, touch.campaign, touch.campaign_id)


def minor(amount: int, currency: str) -> int:
    """Billionths of an amount in the currency's smallest unit."""
    return amount * NANO // (1 if currency in WITHOUT_CENTS else 100)


def half_up(amount: Fraction) -> int:
    """The nearest integer; of two equally near ones that further from 0."""
    exact = abs(amount)
    nearest = (exact.numerator * 2 + exact.denominator) // (exact.denominator * 2)
    return nearest if amount >= 0 else -nearest
