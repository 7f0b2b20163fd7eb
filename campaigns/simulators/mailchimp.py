"""Mailchimp: reports of sent campaigns, mailing lists with their daily activity, and the sign-in whose tokens never expire."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

from campaigns.simulators import Answer, PlatformSimulator, Request
from campaigns.simulators.business import Business, Ledger
from campaigns.simulators.business.figures import ListDay, Send
from campaigns.simulators.business.story import MailingList
from campaigns.simulators.consent import Consent, InvalidGrantError
from campaigns.simulators.paging import length, page
from campaigns.simulators.tokens import ExpiredTokenError, RevokedTokenError, UnknownTokenError

VERSION = "3.0"
CLIENT_ID = "simulated-mailchimp-client"
CLIENT_SECRET = "simulated-mailchimp-secret"
LARGEST_COUNT, DEFAULT_COUNT = 1000, 10
ACTIVITY_DAYS = 180
TYPES = {"regular", "plaintext", "absplit", "rss", "variate"}
STATUSES = {"save", "paused", "schedule", "sending", "sent"}
TITLES = {400: "Bad Request", 403: "Forbidden", 404: "Resource Not Found", 429: "Too Many Requests"}
Object = dict[str, Any]


class RefusalError(Exception):
    """A request that Mailchimp answers with a problem document."""

    def __init__(self, status: int, detail: str, title: str = "") -> None:
        super().__init__(detail)
        self.status = status
        self.title = title or TITLES[status]


class MailchimpSimulator(PlatformSimulator):
    """Serves the account of every business; all data centres are this one."""

    source = "mailchimp"
    largest_page = LARGEST_COUNT

    def __init__(self, ledgers: Mapping[str, Ledger], as_of: Callable[[], date]) -> None:
        super().__init__(ledgers, as_of)
        self.consent = Consent("Mailchimp", CLIENT_ID, self.users)

    def settings(self, url: str) -> dict[str, str]:
        return {
            "base_url": url,
            "authorize_url": f"{url}/oauth2/authorize",
            "token_url": f"{url}/oauth2/token",
            "metadata_url": f"{url}/oauth2/metadata",
            "version": VERSION,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
        }

    def secret(self, user: str = "") -> dict[str, str]:
        return {"access_token": self.tokens.lasting(user or next(iter(self.users)))}

    def api_key(self, user: str) -> str:
        """The key which this account made for itself, with its data centre."""
        return f"{self.tokens.lasting(user)}-{self.ledgers[user].business.accounts.mailchimp_centre}"

    def answer(self, request: Request) -> Answer:
        if request.path == "/oauth2/authorize" and request.method in ("GET", "POST"):
            return self.consent.answer(request)
        if request.path == "/oauth2/token" and request.method == "POST":
            return self._token(dict(parse_qsl(request.body.decode())))
        try:
            if request.path == "/oauth2/metadata" and request.method == "GET":
                return Answer.json(self._metadata(request))
            return Answer.json(_selected(self._answer(request), request.query))
        except RefusalError as refused:
            return failure(refused.status, str(refused), refused.title)

    def _token(self, form: dict[str, str]) -> Answer:
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return Answer.json({"error": "invalid_client", "error_description": "The client credentials are invalid."}, 400)
        if form.get("grant_type") != "authorization_code":
            return Answer.json({"error": "unsupported_grant_type", "error_description": "Only authorization_code is served."}, 400)
        try:
            user, _ = self.consent.redeem(form)
        except InvalidGrantError as refused:
            return Answer.json({"error": "invalid_grant", "error_description": str(refused)}, 400)
        self.tokens.allow(user)
        return Answer.json({"access_token": self.tokens.lasting(user), "expires_in": 0, "scope": None})

    def _metadata(self, request: Request) -> Object:
        business = self._ledger(request).business
        login = {"email": f"admin@{business.domain}", "avatar": None, "login_id": 7, "login_name": business.slug}
        return {
            "dc": business.accounts.mailchimp_centre,
            "role": "owner",
            "accountname": business.name,
            "user_id": business.accounts.mailchimp,
            "login": login | {"login_email": login["email"]},
            "login_url": "https://login.mailchimp.example",
            "api_endpoint": request.base,
        }

    def _ledger(self, request: Request) -> Ledger:
        """By OAuth token (Bearer, or OAuth for the metadata) or by API key (Basic, with any user name)."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme == "Basic":
            return self._keyed(given)
        try:
            return self.ledgers[self.tokens.holder(given if scheme in ("Bearer", "OAuth") else "")]
        except (UnknownTokenError, RevokedTokenError, ExpiredTokenError):
            raise _invalid_key() from None

    def _keyed(self, given: str) -> Ledger:
        try:
            key = b64decode(given).decode().partition(":")[2]
        except (NotBase64, UnicodeDecodeError):
            raise _invalid_key() from None
        user = next((user for user in self.users if self.api_key(user) == key and user not in self.tokens.revoked), None)
        if user is None:
            raise _invalid_key()
        return self.ledgers[user]

    def _answer(self, request: Request) -> Object:
        ledger, asked = self._ledger(request), request.query
        prefix, _, path = request.path.removeprefix("/").partition("/")
        if prefix != VERSION or request.method != "GET":
            raise RefusalError(404, "The requested resource could not be found.")
        if path == "ping":
            return {"health_status": "Everything's Chimpy!"}
        if not path:
            return _account(ledger.business)
        area, _, rest = path.partition("/")
        served = {"reports": self._reports, "campaigns": self._campaigns, "lists": self._lists}
        if area not in served:
            raise RefusalError(404, "The requested resource could not be found.")
        return served[area](ledger, rest, asked)

    def _reports(self, ledger: Ledger, identity: str, asked: Mapping[str, str]) -> Object:
        sends = self._sends(ledger, asked)
        if identity:
            send = next((send for send in sends if send.id == identity), None)
            if send is None:
                raise RefusalError(404, "The requested resource could not be found.")
            return _report(send, ledger.business, self.as_of())
        return self._page("reports", [_report(send, ledger.business, self.as_of()) for send in self._listed(sends)], asked)

    def _campaigns(self, ledger: Ledger, identity: str, asked: Mapping[str, str]) -> Object:
        if identity:
            raise RefusalError(404, "The requested resource could not be found.")
        if asked.get("status", "sent") not in STATUSES:
            raise RefusalError(400, f"Invalid status: {asked['status']}.")
        sends = self._sends(ledger, asked) if asked.get("status", "sent") == "sent" else []
        found = [_campaign(send, ledger.business) for send in self._listed(sends) if asked.get("list_id", send.list_id) == send.list_id]
        if asked.get("sort_field"):
            found.sort(key=lambda item: str(item[asked["sort_field"]]), reverse=asked.get("sort_dir") != "ASC")
        return self._page("campaigns", found, asked)

    def _sends(self, ledger: Ledger, asked: Mapping[str, str]) -> list[Send]:
        """Newest first; deleted ones are gone."""
        since, before = (_instant(asked.get(name, "")) for name in ("since_send_time", "before_send_time"))
        kind = asked.get("type", "")
        if kind and kind not in TYPES:
            raise RefusalError(400, f"Invalid type: {kind}.")
        first = since.astimezone(ledger.story.zone).date() if since else ledger.story.opened_on
        sends = ledger.sends(max(first, ledger.story.opened_on), self.as_of(), self.as_of())
        found = [send for send in sends if (not since or send.sent_at >= since) and (not before or send.sent_at <= before)]
        return sorted((send for send in found if kind in ("", send.kind)), key=lambda send: (send.sent_at, send.id), reverse=True)

    def _listed(self, sends: list[Send]) -> list[Send]:
        return sorted(sends, key=lambda send: sha256(send.id.encode()).digest()) if self.shuffled else sends

    def _lists(self, ledger: Ledger, rest: str, asked: Mapping[str, str]) -> Object:
        identity, _, part = rest.partition("/")
        lists = {mailing_list.id: mailing_list for mailing_list in ledger.business.lists}
        if not identity:
            return self._page("lists", [self._list(ledger, mailing_list) for mailing_list in lists.values()], asked)
        if identity not in lists or part not in ("", "activity", "growth-history"):
            raise RefusalError(404, "The requested resource could not be found.")
        if not part:
            return self._list(ledger, lists[identity])
        yesterday = self.as_of() - timedelta(days=1)
        since = yesterday - timedelta(days=ACTIVITY_DAYS - 1) if part == "activity" else ledger.story.opened_on
        days = [row for row in ledger.list_days(since, yesterday, yesterday) if row.list_id == identity]
        if part == "activity":
            return self._page("activity", [_activity(row) for row in reversed(days)], asked) | {"list_id": identity}
        return self._page("history", _growth(identity, days), asked) | {"list_id": identity}

    def _list(self, ledger: Ledger, mailing_list: MailingList) -> Object:
        business, as_of = ledger.business, self.as_of()
        days = [row for row in ledger.list_days(ledger.story.opened_on, as_of, as_of) if row.list_id == mailing_list.id]
        sends = [send for send in ledger.sends(ledger.story.opened_on, as_of, as_of) if send.list_id == mailing_list.id]
        left, cleaned = sum(row.left for row in days), sum(row.hard_bounces for row in days)
        return {
            "id": mailing_list.id,
            "name": mailing_list.name,
            "date_created": _iso(ledger.story.at(ledger.story.opened_on, 36_000)),
            "list_rating": 4,
            "permission_reminder": "You asked for it.",
            "email_type_option": False,
            "visibility": "prv",
            "campaign_defaults": {"from_name": business.name, "from_email": f"news@{business.domain}", "subject": "", "language": "en"},
            "stats": {
                "member_count": days[-1].members if days else 0,
                "total_contacts": (days[-1].members if days else 0) + left + cleaned,
                "unsubscribe_count": left,
                "cleaned_count": cleaned,
                "campaign_count": len(sends),
                **({"campaign_last_sent": _iso(sends[-1].sent_at)} if sends else {}),
            },
        }

    def _page(self, name: str, rows: list[Object], asked: Mapping[str, str]) -> Object:
        count = min(_whole(asked, "count", DEFAULT_COUNT), self.page_size)
        if _whole(asked, "count", DEFAULT_COUNT) > LARGEST_COUNT:
            raise RefusalError(400, f"count must be at most {LARGEST_COUNT}.")
        offset = _whole(asked, "offset", 0)
        return {name: list(page(rows, offset, count, self.overlap)), "total_items": length(rows, offset, self.overlap)}


def failure(status: int, detail: str, title: str = "") -> Answer:
    problem = {
        "type": "https://mailchimp.com/developer/marketing/docs/errors/",
        "title": title or TITLES.get(status, "Internal Server Error"),
        "status": status,
        "detail": detail,
        "instance": "simulated-instance",
    }
    answer = Answer.json(problem, status)
    return answer.with_headers({"Content-Type": "application/problem+json; charset=utf-8"})


def rate_limit(*, is_bare: bool = False, retry_after: str = "") -> Answer:
    """429, sometimes without any document."""
    answer = Answer(429) if is_bare else failure(429, "You have exceeded the limit of 10 simultaneous connections.")
    return answer.with_headers({"Retry-After": retry_after} if retry_after else {})


def _invalid_key() -> RefusalError:
    detail = "Your API key may be invalid, or you've attempted to access the wrong datacenter."
    return RefusalError(401, detail, "API Key Invalid")


def _whole(asked: Mapping[str, str], name: str, default: int) -> int:
    text = asked.get(name, str(default))
    if not text.isdigit():
        raise RefusalError(400, f"{name} must be a whole number, not {text!r}.")
    return int(text)


def _instant(text: str) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise RefusalError(400, f"{text!r} is not an ISO 8601 instant.") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _account(business: Business) -> Object:
    return {
        "account_id": business.accounts.mailchimp,
        "account_name": business.name,
        "email": f"admin@{business.domain}",
        "account_timezone": business.zone,
    }


def _rate(part: int, whole: int) -> float:
    return round(part / whole, 6) if whole else 0.0


def _report(send: Send, business: Business, as_of: date) -> Object:
    delivered = send.emails_sent - send.hard_bounces - send.soft_bounces
    # Somebody opens and clicks on every day for weeks.
    latest = _iso(send.sent_at + timedelta(days=min((as_of - send.sent_at.date()).days, 25), hours=3))
    return {
        "id": send.id,
        "campaign_title": send.title,
        "type": send.kind,
        "list_id": send.list_id,
        "list_is_active": True,
        "list_name": send.list_name,
        "subject_line": send.subject,
        "preview_text": "",
        "emails_sent": send.emails_sent,
        "abuse_reports": send.abuse_reports,
        "unsubscribed": send.unsubscribes,
        "send_time": _iso(send.sent_at),
        "bounces": {"hard_bounces": send.hard_bounces, "soft_bounces": send.soft_bounces, "syntax_errors": 0},
        "forwards": {"forwards_count": 0, "forwards_opens": 0},
        "opens": {
            "opens_total": send.opens,
            "unique_opens": send.unique_opens,
            "open_rate": _rate(send.unique_opens, delivered),
            "last_open": latest,
        },
        "clicks": {
            "clicks_total": send.clicks,
            "unique_clicks": send.unique_clicks,
            "unique_subscriber_clicks": send.unique_subscriber_clicks,
            "click_rate": _rate(send.unique_subscriber_clicks, delivered),
            "last_click": latest,
        },
        "ecommerce": {
            "total_orders": send.orders,
            "total_spent": float(send.revenue),
            "total_revenue": float(send.revenue),
            "currency_code": business.currency,
        },
    }


def _campaign(send: Send, business: Business) -> Object:
    delivered = send.emails_sent - send.hard_bounces - send.soft_bounces
    return {
        "id": send.id,
        "type": send.kind,
        "create_time": _iso(send.sent_at - timedelta(days=2)),
        "send_time": _iso(send.sent_at),
        "status": "sent",
        "emails_sent": send.emails_sent,
        "recipients": {
            "list_id": send.list_id,
            "list_is_active": True,
            "list_name": send.list_name,
            "recipient_count": send.emails_sent,
        },
        "settings": {
            "title": send.title,
            "subject_line": send.subject,
            "preview_text": "",
            "from_name": business.name,
            "reply_to": f"news@{business.domain}",
        },
        "tracking": {"opens": True, "html_clicks": True, "text_clicks": False, "ecomm360": True, "google_analytics": send.utm_campaign},
        "report_summary": {
            "opens": send.opens,
            "unique_opens": send.unique_opens,
            "open_rate": _rate(send.unique_opens, delivered),
            "clicks": send.clicks,
            "subscriber_clicks": send.unique_subscriber_clicks,
            "click_rate": _rate(send.unique_subscriber_clicks, delivered),
        },
    }


def _activity(row: ListDay) -> Object:
    return {
        "day": row.day.isoformat(),
        "emails_sent": row.emails_sent,
        "unique_opens": row.unique_opens,
        "recipient_clicks": row.recipient_clicks,
        "hard_bounce": row.hard_bounces,
        "soft_bounce": row.soft_bounces,
        "subs": row.joined,
        "unsubs": row.left,
        "other_adds": 0,
        "other_removes": 0,
    }


def _growth(identity: str, days: list[ListDay]) -> list[Object]:
    """By month, newest first: the members as it ended, and who left in it."""
    months: dict[str, list[ListDay]] = {}
    for row in days:
        months.setdefault(f"{row.day:%Y-%m}", []).append(row)
    return [
        {
            "list_id": identity,
            "month": month,
            "subscribed": rows[-1].members,
            "unsubscribed": sum(row.left for row in rows),
            "cleaned": sum(row.hard_bounces for row in rows),
        }
        for month, rows in sorted(months.items(), reverse=True)
    ]


def _selected(answer: Object, asked: Mapping[str, str]) -> Object:
    """Only the fields asked for, without those excluded, both named by dotted paths."""
    wanted, unwanted = (set(filter(None, re.split(",", asked.get(name, "")))) for name in ("fields", "exclude_fields"))
    kept = _kept(answer, "", wanted, unwanted)
    assert isinstance(kept, dict)
    return kept


def _kept(value: Any, path: str, wanted: set[str], unwanted: set[str]) -> Any:
    if isinstance(value, list):
        return [_kept(item, path, wanted, unwanted) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {}
    for name, item in value.items():
        here = f"{path}.{name}" if path else name
        is_wanted = not wanted or here in wanted
        leads_on = any(want.startswith(f"{here}.") for want in wanted)
        if here not in unwanted and (is_wanted or leads_on):
            kept[name] = _kept(item, here, set() if is_wanted else wanted, unwanted)
    return kept
