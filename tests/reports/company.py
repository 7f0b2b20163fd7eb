"""A company told of by files for fourteen months: every section of a report has something to say, and its rows can be added up."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from accounts.models import Client
from campaigns.rates.models import ExchangeRate
from jobs import worker
from tests.conftest import LoadText

SINCE, UNTIL = date(2025, 9, 1), date(2026, 11, 1)
OCTOBER = (date(2026, 10, 1), date(2026, 10, 31))
SEPTEMBER = (date(2026, 9, 1), date(2026, 9, 30))
# Of one week, which lies within October.
WEEK_43 = (date(2026, 10, 19), date(2026, 10, 25))
CAMPAIGNS = (("Brand", "paid_search"), ("Shop", "paid_search"), ("Look", "paid_social"), ("Banner", "display"), ("Tiny", "display"))
DOLLARS = Decimal("1.25")
EVERY = 2  # days between rows
PEOPLE = "people.example"
Row = dict[str, Any]


class Company:
    """Rows as they were told, by kind of file."""

    def __init__(self, seed: int = 5) -> None:
        self._random = random.Random(seed)
        days = [SINCE + timedelta(days=number) for number in range(0, (UNTIL - SINCE).days + 1, EVERY)]
        self.ads = list(self._ads(days))
        self.leads = list(self._leads(days))
        self.orders = list(self._orders(days))
        self.email = list(self._email())
        self.web = list(self._web(days))
        self.social = list(self._social(days))

    def load(self, client: Client, load_text: LoadText) -> None:
        """Into the client whose schema is open."""
        ExchangeRate.objects.bulk_create(
            ExchangeRate(currency="USD", day=SINCE + timedelta(days=number), per_euro=DOLLARS) for number in range((UNTIL - SINCE).days + 1)
        )
        kinds: dict[str, list[Row]] = {
            "ads": self.ads, "leads": self.leads, "orders": self.orders, "email": self.email, "web": self.web, "social": self.social,
            "costs": [{"month": month, "name": "Agency fee", "amount": "3100"} for month in ("2026-08", "2026-09", "2026-10", "2026-11")],
            "targets": TARGETS,
        }  # fmt: skip
        for kind, rows in kinds.items():
            load_text(client, kind, as_csv(rows))
        worker.work_off()

    def total(self, rows: Iterable[Row], column: str, days: tuple[date, date], only: Callable[[Row], bool] = bool) -> Decimal:
        """Added up independently of the product; dollars at the one rate there is."""
        asked = [row for row in rows if days[0] <= _day(row) <= days[1] and only(row)]
        return sum((Decimal(str(row[column])) / (DOLLARS if row.get("currency") == "USD" else 1) for row in asked), Decimal(0))

    def _ads(self, days: list[date]) -> Iterator[Row]:
        for place, day in enumerate(days):
            for number, (name, channel) in enumerate(CAMPAIGNS):
                size = 100 // (number + 1) if name != "Tiny" else 0
                spend = size + self._random.randrange(20) if size else 1
                yield {
                    "date": day, "source": "meta_ads" if name == "Look" else "google_ads", "account": "us" if name == "Look" else "fr",
                    "campaign": name, "channel": channel, "impressions": spend * 90 + place, "clicks": spend * 2, "spend": spend,
                    "conversions": 1, "conversion_value": spend * (7 - number), "currency": "USD" if name == "Look" else "EUR",
                }  # fmt: skip

    def _leads(self, days: list[date]) -> Iterator[Row]:
        for place, day in enumerate(days):
            for number in range(1 + self._random.randrange(3)):
                name, _ = CAMPAIGNS[(place + number) % 3]
                moved = {"mql_at": f"{day}T12:00:00"} if number else {}
                yield {
                    "lead_id": f"L{place}-{number}", "created_at": f"{day}T10:00:00", "campaign": name,
                    "email": f"p{place}.{number}@{PEOPLE}",
                    "mql_at": "", "customer_id": f"C{place % 60}" if number == 2 else "", **moved,
                }  # fmt: skip

    def _orders(self, days: list[date]) -> Iterator[Row]:
        for place, day in enumerate(days):
            name = CAMPAIGNS[place % 3][0] if place % 4 else ""
            yield {
                "order_id": f"O{place}", "ordered_at": f"{day}T15:00:00", "amount": 400 + self._random.randrange(300), "campaign": name,
                "channel": "" if name else "email", "customer_id": f"C{place % 60}",
            }  # fmt: skip

    def _email(self) -> Iterator[Row]:
        for number in range((UNTIL - SINCE).days // 2):
            day = SINCE + timedelta(days=2 * number)
            sent = 1_000 + 10 * (number % 17)
            yield {
                "sent_at": f"{day}T08:00:00", "source": "mailchimp", "campaign_id": f"M{number}", "campaign": f"News {number}",
                "sent": sent,
                "hard_bounces": 3, "soft_bounces": 2, "unique_opens": sent // 3, "unique_clicks": sent // 30, "unsubscribes": 1,
                "spam_complaints": 0,
            }  # fmt: skip

    def _web(self, days: list[date]) -> Iterator[Row]:
        for day in days:
            for number in range(13):
                sessions = 200 - 11 * number + self._random.randrange(9)
                path = f"/page-{number}" if number else "/account?mail=ana.b@people.example&x=1"
                yield {
                    "date": day, "source": "ga4", "landing_page": path, "channel": "organic_search",
                    "sessions": sessions,
                    "engaged_sessions": sessions // 2, "conversions": number % 3,
                }  # fmt: skip

    def _social(self, days: list[date]) -> Iterator[Row]:
        for place, day in enumerate(days):
            for number in range(2):
                seen = 500 + self._random.randrange(100)
                yield {
                    "date": day, "source": "facebook", "account": "page", "post_id": f"post{place // 4}-{number}",
                    "title": f"Look {place // 4} of ana.b@people.example" if number else "",
                    "url": f"https://www.facebook.com/post{place // 4}" if number else "", "impressions": seen,
                    "reach": seen // 2, "likes": seen // 20, "comments": 1, "shares": 2, "link_clicks": number,
                }  # fmt: skip


TARGETS: list[Row] = [
    {"month": "2026-10", "kpi": "revenue", "value": "6200", "channel": ""},
    {"month": "2026-10", "kpi": "leads", "value": "31", "channel": ""},
    {"month": "2026-10", "kpi": "roas", "value": "9", "channel": ""},
    {"month": "2026-10", "kpi": "cpl", "value": "1000", "channel": ""},
    {"month": "2026-10", "kpi": "spend", "value": "4000", "channel": ""},
    {"month": "2026-10", "kpi": "leads", "value": "5", "channel": "email"},
]


def as_csv(rows: list[Row]) -> str:
    """Refuses rows that lack a column of another."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _day(row: Row) -> date:
    told = next(row[name] for name in ("date", "created_at", "ordered_at", "sent_at") if name in row)
    return told if isinstance(told, date) else date.fromisoformat(told[:10])
