"""Mailchimp: lifetime counters of every mailing, and the days of its lists, over the Marketing API 3.0."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import httpx
import msgspec

from campaigns.channels import gettext_noop as _
from campaigns.connectors.answers import Answers
from campaigns.connectors.base import Account, Connector, Replaces, Stream
from campaigns.connectors.errors import Failure, LostAccess, Passing, UnexpectedAnswer
from campaigns.connectors.http import Http, pages, told
from campaigns.connectors.oauth import ANOTHER_ACCOUNT, NOT_CONNECTED, AccessToken, Consent, Grant, Secret
from campaigns.records import AudienceDay, EmailSend, Record, nano

TITLE = "Mailchimp"
# The most that Mailchimp gives at once.
PAGE = 1000
MACHINE_OPENS = "machine_opens"
REPORT_FIELDS = (
    "id", "campaign_title", "subject_line", "list_name", "send_time", "emails_sent", "abuse_reports", "unsubscribed", "bounces",
    "opens.opens_total", "opens.unique_opens", "clicks.clicks_total", "clicks.unique_subscriber_clicks", "ecommerce",
)  # fmt: skip
KEY_REFUSED = _("Mailchimp no longer accepts the key or the permission it was connected with. Please reconnect it.")
DISABLED = _("This Mailchimp account is closed or suspended. Ask Mailchimp to reopen it, or disconnect it here.")
FORBIDDEN = _("The Mailchimp user who connected this account may not see its reports. Reconnect as a manager, an admin or the owner.")
LOST = {
    "API Key Invalid": KEY_REFUSED,
    "API Key Missing": KEY_REFUSED,
    "User Disabled": DISABLED,
    "Account Disabled": DISABLED,
    "Wrong Datacenter": KEY_REFUSED,
}
answers = Answers(TITLE)
T = TypeVar("T")


class Mailchimp(Connector):
    """One account with its lists. Settings: `version`, `metadata_url`, and `base_url` where it is not the account's own host.

    The grant holds an `access_token` that never expires with the `api_endpoint` it serves, or an `api_key`, which ends in the data
    centre that does. Opens include those by machines, soft bounces the addresses that could not be parsed. A mailing that was
    deleted there stays here.
    """

    source = "mailchimp"
    title = TITLE
    streams = (
        Stream("email", Replaces.COUNTER, settle_days=30, backfill_days=800, chunk_days=100),
        # Mailchimp remembers 180 days; the last of them may be cut short.
        Stream("audience", Replaces.WINDOW, settle_days=3, backfill_days=175, chunk_days=175),
    )
    # Mailchimp has no scopes: a permission is for everything.
    consent = Consent((), uses_pkce=False)

    def fetch(self, stream: Stream, since: date, until: date) -> Iterator[Record]:
        """See `Connector.fetch`. Of e-mail: what was sent on the days, with its counters as they are now."""
        ask = _Ask(self.settings, self.grant, self.http)
        # No address names the account: a permission for another one would fill this one with foreign figures.
        if ask.account().account_id != self.account.external_id:
            raise LostAccess(ANOTHER_ACCOUNT)
        yield from self._sends(ask, since, until) if stream.family == "email" else self._audience(ask, since, until)

    @classmethod
    def secret_from(cls, settings: Mapping[str, str], answer: Secret, http: Http) -> Secret:
        """The token with the data centre it serves, which Mailchimp tells apart."""
        headers = {"Authorization": f"OAuth {answer['access_token']}"}
        known = answers.shaped(http.request_json("GET", settings["metadata_url"], headers=headers, explain=_explain), _Metadata)
        return {"access_token": answer["access_token"], "dc": known.dc, "api_endpoint": known.api_endpoint}

    @classmethod
    def accounts(cls, settings: Mapping[str, str], grant: Grant, http: Http) -> list[Account]:
        root = _Ask(settings, grant, http).account()
        return [Account(root.account_id, root.account_name or root.account_id)]

    def _sends(self, ask: _Ask, since: date, until: date) -> Iterator[EmailSend]:
        observed_at = self.clock()
        begins, ends = self.span(since, until)
        # Neither bound is said to be inclusive, and none may come in while we turn the pages.
        bounds = {"since_send_time": _utc(begins - timedelta(seconds=1)), "before_send_time": _utc(min(ends, observed_at))}
        fields = ",".join([*(f"reports.{field}" for field in REPORT_FIELDS), "total_items"])
        seen: set[str] = set()
        for report in _every("reports", partial(_page, ask, "/reports", bounds | {"fields": fields}, _Reports)):
            sent_at = answers.instant("send_time", report.send_time)
            if sent_at == begins - timedelta(seconds=1):
                continue
            day = answers.within("send_time", self.day_of(sent_at), since, until)
            if report.id in seen:
                raise answers.unexpected("id", report.id, "twice")
            seen.add(report.id)
            yield _send(report, day, sent_at, observed_at)

    def _audience(self, ask: _Ask, since: date, until: date) -> Iterator[AudienceDay]:
        lists = list(_every("lists", partial(_page, ask, "/lists", {"fields": "lists.id,lists.name,total_items"}, _Lists)))
        this_month = self.day_of(self.clock()).replace(day=1)
        for one, name in zip(lists, _told_apart(lists), strict=True):
            days = list(_every("activity", partial(_page, ask, f"/lists/{one.id}/activity", {}, _Activity)))
            months = list(_every("history", partial(_page, ask, f"/lists/{one.id}/growth-history", {}, _Growth)))
            yield from _audience_days(name, days, _at_month_ends(months, this_month), since, until)


class _Ask:
    """Asks one account; every answer is of an agreed shape."""

    def __init__(self, settings: Mapping[str, str], grant: Grant, http: Http) -> None:
        secret = grant.secret
        key = secret.get("api_key", "")
        if not key and not secret.get("access_token"):
            raise LostAccess(NOT_CONNECTED)
        host = settings.get("base_url") or secret.get("api_endpoint") or _host(key.rpartition("-")[2])
        self._base = f"{host}/{settings['version']}"
        self._auth = httpx.BasicAuth("vigie", key) if key else AccessToken(settings, grant, http)
        self._http = http

    def __call__(self, path: str, params: Mapping[str, str], shape: type[T]) -> T:
        return answers.shaped(self._http.request_json("GET", self._base + path, params=params, auth=self._auth, explain=_explain), shape)

    def account(self) -> _Root:
        return self("/", {"fields": "account_id,account_name"}, _Root)


def _host(centre: str) -> str:
    """A data centre's host. A key must not send us elsewhere."""
    if not re.fullmatch(r"[a-z]{2}[0-9]{1,3}", centre):
        raise LostAccess(KEY_REFUSED)
    return f"https://{centre}.api.mailchimp.com"


class _Metadata(msgspec.Struct, frozen=True):
    dc: str
    api_endpoint: str


class _Root(msgspec.Struct, frozen=True):
    account_id: str
    account_name: str = ""


class _Bounces(msgspec.Struct, frozen=True):
    hard_bounces: int = 0
    soft_bounces: int = 0
    syntax_errors: int = 0


class _Opens(msgspec.Struct, frozen=True):
    opens_total: int | None = None
    unique_opens: int | None = None


class _Clicks(msgspec.Struct, frozen=True):
    clicks_total: int | None = None
    unique_subscriber_clicks: int | None = None


class _Ecommerce(msgspec.Struct, frozen=True):
    total_revenue: float | None = None
    currency_code: str = ""


class _Report(msgspec.Struct, frozen=True):
    id: str
    send_time: str
    emails_sent: int
    campaign_title: str = ""
    subject_line: str = ""
    list_name: str = ""
    abuse_reports: int | None = None
    unsubscribed: int | None = None
    bounces: _Bounces = _Bounces()
    opens: _Opens = _Opens()
    clicks: _Clicks = _Clicks()
    ecommerce: _Ecommerce | None = None


class _List(msgspec.Struct, frozen=True):
    id: str
    name: str = ""


class _Day(msgspec.Struct, frozen=True):
    day: str
    subs: int = 0
    unsubs: int = 0
    other_adds: int = 0
    other_removes: int = 0
    hard_bounce: int = 0


class _Month(msgspec.Struct, frozen=True):
    month: str
    subscribed: int


class _Items(msgspec.Struct, frozen=True):
    total_items: int


class _Reports(_Items, frozen=True):
    reports: list[_Report]


class _Lists(_Items, frozen=True):
    lists: list[_List]


class _Activity(_Items, frozen=True):
    activity: list[_Day]


class _Growth(_Items, frozen=True):
    history: list[_Month]


def _page(ask: _Ask, path: str, params: dict[str, str], shape: type[T], page: dict[str, str]) -> T:
    return ask(path, params | page, shape)


def _every(name: str, ask: Callable[[dict[str, str]], Any]) -> Iterator[Any]:
    """The items called `name` of all pages. Raises where they are fewer than Mailchimp says there are."""
    read = 0

    def page(cursor: str) -> tuple[Any, str]:
        answer = ask({"count": str(PAGE), "offset": cursor or "0"})
        items = getattr(answer, name)
        reached = int(cursor or 0) + len(items)
        return answer, str(reached) if items and reached < answer.total_items else ""

    for answer in pages(page):
        items = getattr(answer, name)
        read += len(items)
        yield from items
    if read != answer.total_items:
        raise answers.unexpected("total_items", answer.total_items, f"{read} {name} came")


def _send(report: _Report, day: date, sent_at: datetime, observed_at: datetime) -> EmailSend:
    def count(field: str, value: int | None) -> int | None:
        return None if value is None else answers.count(field, value)

    shop = report.ecommerce
    sells = bool(shop and shop.currency_code)
    return EmailSend(
        day=day,
        send_id=report.id,
        sent_at=sent_at,
        observed_at=observed_at,
        campaign=report.campaign_title or report.subject_line or report.id,
        subject=report.subject_line,
        list_name=report.list_name,
        sent=answers.count("emails_sent", report.emails_sent),
        hard_bounces=answers.count("bounces.hard_bounces", report.bounces.hard_bounces),
        soft_bounces=answers.count("bounces.soft_bounces", report.bounces.soft_bounces)
        + answers.count("bounces.syntax_errors", report.bounces.syntax_errors),
        opens=count("opens.opens_total", report.opens.opens_total),
        unique_opens=count("opens.unique_opens", report.opens.unique_opens),
        clicks=count("clicks.clicks_total", report.clicks.clicks_total),
        unique_clicks=count("clicks.unique_subscriber_clicks", report.clicks.unique_subscriber_clicks),
        unsubscribes=count("unsubscribed", report.unsubscribed),
        spam_complaints=count("abuse_reports", report.abuse_reports),
        revenue_nano=answers.exact("ecommerce.total_revenue", shop.total_revenue or 0.0, nano) if shop and sells else None,
        currency=shop.currency_code.upper() if shop and sells else "",
        basis=MACHINE_OPENS,
    )


def _audience_days(name: str, days: list[_Day], month_ends: dict[date, int], since: date, until: date) -> Iterator[AudienceDay]:
    """The list's days. Mailchimp says how many members there were when months ended; between, it counts who comes and goes."""
    by_day = {answers.day("activity.day", row.day): row for row in days}
    if len(by_day) < len(days):
        raise answers.unexpected("activity.day", name, "a day came twice")
    changes = {day: _joined(row) - _left(row) - answers.count("activity.hard_bounce", row.hard_bounce) for day, row in by_day.items()}
    for day in (since + timedelta(days=n) for n in range((until - since).days + 1)):
        # A day that is left out between others had nothing to tell.
        if by_day and min(by_day) <= day <= max(by_day):
            row = by_day.get(day, _Day(day.isoformat()))
            yield AudienceDay(day=day, list_name=name, subscribers=_members(day, changes, month_ends), joined=_joined(row), left=_left(row))


def _members(day: date, changes: dict[date, int], month_ends: dict[date, int]) -> int | None:
    """Members as the day ends: from the end of its month backwards, else from that of the month before onwards."""
    before = day.replace(day=1) - timedelta(days=1)
    ends = (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    if ends in month_ends:
        return max(0, month_ends[ends] - sum(change for on, change in changes.items() if day < on <= ends))
    if before in month_ends:
        return max(0, month_ends[before] + sum(change for on, change in changes.items() if before < on <= day))
    return None


def _at_month_ends(months: list[_Month], this_month: date) -> dict[date, int]:
    """Members on the last day of every month that is over; nobody before a list's first month."""
    known = {answers.day("history.month", f"{row.month}-01"): answers.count("history.subscribed", row.subscribed) for row in months}
    ends = {(month + timedelta(days=31)).replace(day=1) - timedelta(days=1): count for month, count in known.items() if month < this_month}
    return ends | {min(known) - timedelta(days=1): 0} if known else {}


def _joined(row: _Day) -> int:
    return answers.count("activity.subs", row.subs) + answers.count("activity.other_adds", row.other_adds)


def _left(row: _Day) -> int:
    return answers.count("activity.unsubs", row.unsubs) + answers.count("activity.other_removes", row.other_removes)


def _told_apart(lists: list[_List]) -> list[str]:
    """Names that differ, by which facts are kept; people may give two lists the same one."""
    names = [one.name for one in lists]
    return [one.name if one.name and names.count(one.name) == 1 else f"{one.name} ({one.id})".strip() for one in lists]


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")


class _Problem(msgspec.Struct, frozen=True):
    title: str
    detail: str = ""


def _explain(response: httpx.Response) -> Failure | None:
    problem = told(response, _Problem)
    if problem is None:
        # So Mailchimp answers whoever asks too much at once.
        return Passing(f"{TITLE} refuses requests for now ({response.status_code}).") if response.status_code == 403 else None
    if problem.title in LOST:
        return LostAccess(LOST[problem.title])
    if response.status_code in (401, 403):
        return LostAccess(KEY_REFUSED if response.status_code == 401 else FORBIDDEN)
    if response.status_code == 429 or response.status_code >= 500:
        return None
    return UnexpectedAnswer(f"{TITLE} refused the request: {problem.title}: {problem.detail:.300}")
