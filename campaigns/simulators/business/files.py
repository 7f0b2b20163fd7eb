"""What a business would export by hand: leads and orders in the columns of the files one can import."""

from __future__ import annotations

from datetime import date, timedelta

from campaigns.simulators.business.people import LONGEST_REFUND, Enquiry, People, Sale
from campaigns.simulators.business.story import Story, cents, days

STAGES = ("mql_at", "sql_at", "won_at", "lost_at")


def leads(people: People, since: date, until: date, known: date) -> list[dict[str, str]]:
    """`known` is the last day whose events are told."""
    return [_lead(lead, known) for day in days(since, until) for lead in people.enquiries(day)]


def orders(story: Story, people: People, since: date, until: date) -> list[dict[str, str]]:
    currency = story.business.currency
    rows = [_order(sale, currency) for day in days(since, until) for sale in people.sales(day)]
    earlier = (sale for day in days(since - timedelta(days=LONGEST_REFUND), until) for sale in people.sales(day))
    rows += [_refund(sale, currency) for sale in earlier if sale.refunded_at and since <= sale.refunded_at.date() <= until]
    return sorted(rows, key=lambda row: (row["ordered_at"][:10], row["order_id"]))


def _lead(lead: Enquiry, known: date) -> dict[str, str]:
    stages = {name: at for name, at in lead.stages.items() if at.date() <= known}
    is_won = "won_at" in stages
    return {
        "lead_id": f"L-{lead.number}",
        "created_at": lead.created_at.isoformat(),
        "channel": lead.person.touch.channel,
        "campaign": lead.person.touch.campaign,
        "landing_page": lead.landing_page,
        "score": str(lead.base_score + (35 if "mql_at" in stages else 0)),
        **{name: stages[name].isoformat() if name in stages else "" for name in STAGES},
        "customer_id": f"C-{lead.person.number}" if is_won else "",
        "value": str(lead.deal.amount) if is_won and lead.deal else "",
        "email": lead.person.email,
    }


def _order(sale: Sale, currency: str) -> dict[str, str]:
    return {
        "order_id": sale.order_id,
        "customer_id": f"C-{sale.person.number}",
        "ordered_at": sale.at.isoformat(),
        "amount": str(sale.amount),
        "tax": str(sale.tax),
        "shipping": str(sale.shipping),
        "kind": "order",
        "refund_of": "",
        "product": sale.product,
        "margin": str(sale.margin),
        "currency": currency,
        "channel": sale.touch.channel,
        "campaign": sale.touch.campaign,
    }


def _refund(sale: Sale, currency: str) -> dict[str, str]:
    assert sale.refunded_at
    return _order(sale, currency) | {
        "order_id": f"{sale.order_id}-R",
        "ordered_at": sale.refunded_at.isoformat(),
        "amount": str(sale.refund),
        "tax": str(cents(sale.tax * sale.refund / sale.amount)),
        "shipping": "0.00",
        "kind": "refund",
        "refund_of": sale.order_id,
        "margin": "",
    }
