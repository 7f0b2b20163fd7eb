"""Google Ads: figures by campaign and day, over the REST interface of the Google Ads API."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import msgspec

from campaigns.channels import gettext_noop as _
from campaigns.connectors.base import Connector
from campaigns.connectors.errors import Failure, LostAccess, Passing, UnexpectedAnswer
from campaigns.connectors.http import UNREADABLE, pages
from campaigns.connectors.oauth import AccessToken
from campaigns.records import LARGEST, NANO, AdConversion, AdDay, millionths, nano

QUERY = (
    "SELECT customer.currency_code, campaign.id, campaign.name, campaign.advertising_channel_type, segments.date,"
    " metrics.impressions, metrics.clicks, metrics.cost_micros, metrics.conversions, metrics.conversions_value"
    " FROM campaign WHERE segments.date BETWEEN '{since}' AND '{until}'"
)
MICROS = 1_000_000
CHANNELS = {
    "SEARCH": "paid_search",
    "SHOPPING": "paid_search",
    "PERFORMANCE_MAX": "paid_search",
    "DISPLAY": "display",
    "DEMAND_GEN": "display",
    "VIDEO": "video",
}
NO_DEVELOPER_TOKEN = _("This installation has no Google Ads developer token. Whoever runs it must set one.")
NO_GRANT = _("Google Ads is not connected. Please connect it.")
NOT_AN_ID = _("This is not a Google Ads customer id, which has ten digits. Please choose the account again.")
LOST = _("Google Ads no longer lets us read this account. Please reconnect it.")
SENTENCES = {
    "USER_PERMISSION_DENIED": _("The Google user who connected this account may no longer see it. Ask for access again, or reconnect."),
    "CUSTOMER_NOT_ENABLED": _("This Google Ads account is closed or not yet active. Reopen it in Google Ads, or disconnect it here."),
    "CUSTOMER_NOT_FOUND": _("Google Ads knows no account with this customer id. Please choose the account again."),
    "INVALID_CUSTOMER_ID": NOT_AN_ID,
    "NOT_ADS_USER": _("The Google user who connected this account has no Google Ads account. Please reconnect with another user."),
    "OAUTH_TOKEN_REVOKED": _("The permission to read Google Ads was withdrawn. Please reconnect the account."),
    "DEVELOPER_TOKEN_INVALID": _("Google refuses this installation's developer token. Whoever runs it must check it."),
    "DEVELOPER_TOKEN_PROHIBITED": _(
        "This installation's developer token may not be used with its Google project. Whoever runs it must check it."
    ),
    "DEVELOPER_TOKEN_NOT_APPROVED": _(
        "This installation's developer token is approved for test accounts alone. Whoever runs it must apply to Google."
    ),
    "DEVELOPER_TOKEN_NOT_ON_ALLOWLIST": _(
        "This installation's developer token may not read this account. Whoever runs it must apply to Google."
    ),
    "DEVELOPER_TOKEN_PARAMETER_MISSING": NO_DEVELOPER_TOKEN,
    "INVALID_LOGIN_CUSTOMER_ID_SERVING_CUSTOMER_ID_COMBINATION": _(
        "The manager account no longer reaches this account. Link them again in Google Ads, or reconnect."
    ),
    "INVALID_LOGIN_CUSTOMER_ID": _("Google Ads does not know the manager account. Please choose the account again."),
    "REQUESTED_METRICS_FOR_MANAGER": _("This is a manager account, which has no figures of its own. Please choose an account below it."),
    "ACCESS_PROHIBITED": _("Google has blocked this installation's access to Google Ads. Whoever runs it must ask Google."),
}
ACCESS_KINDS = frozenset({"authenticationError", "authorizationError", "headerError"})
PASSING_CODES = frozenset({"EXPIRED_PAGE_TOKEN", "INTERNAL_ERROR", "TRANSIENT_ERROR", "DEADLINE_EXCEEDED"})
logger = logging.getLogger(__name__)


class GoogleAds(Connector):
    """One customer of Google Ads. Settings: `base_url`, `version`, `token_url`, `developer_token`, `client_id`, `client_secret`.

    The credential holds `refresh_token`. Days are those of the account's zone; conversions are booked on the day of the
    click and keep arriving for as long as the conversion action allows, 30 days unless it was changed.
    """

    source = "google_ads"
    family = "ads"
    settle_days = 30

    def fetch(self, since: date, until: date) -> Iterator[AdDay | AdConversion]:
        """An `AdDay` and an `AdConversion` for every campaign and day with impressions. See `Connector.fetch` for errors."""
        search = self._search(QUERY.format(since=since, until=until))
        seen: set[tuple[date, str]] = set()
        for page in search:
            for row in page.results:
                day, campaign_id = self._key(row, since, until)
                if (day, campaign_id) in seen:
                    raise UnexpectedAnswer(f"Google Ads gave campaign.id {campaign_id!r} twice for segments.date {day}.")
                seen.add((day, campaign_id))
                yield from _records(row, day, campaign_id)

    def _search(self, query: str) -> Iterator[_Page]:
        customer = _customer_id(self.account.external_id)
        url = f"{self.settings['base_url']}/{self.settings['version']}/customers/{customer}/googleAds:search"
        headers = self._headers()
        token = self._token()

        def read(cursor: str) -> tuple[_Page, str]:
            body = {"query": query, "pageToken": cursor} if cursor else {"query": query}
            answer = self.http.request_json("POST", url, headers=headers, json=body, auth=token, explain=_explain, retry_delay=_retry_delay)
            page = _page(answer)
            return page, page.next_page_token

        return pages(read)

    def _headers(self) -> dict[str, str]:
        if not self.settings.get("developer_token"):
            raise LostAccess(NO_DEVELOPER_TOKEN)
        headers = {"developer-token": self.settings["developer_token"]}
        if self.account.manager_id:
            headers["login-customer-id"] = _customer_id(self.account.manager_id)
        return headers

    def _token(self) -> AccessToken:
        if not self.secret.get("refresh_token"):
            raise LostAccess(NO_GRANT)
        settings = self.settings
        return AccessToken(settings["token_url"], settings["client_id"], settings["client_secret"], self.secret["refresh_token"], self.http)

    def _key(self, row: _Row, since: date, until: date) -> tuple[date, str]:
        """The row's day and campaign, once it is certain that it belongs to this account and these days."""
        if row.customer.currency_code != self.account.currency:
            raise _unexpected("customer.currencyCode", row.customer.currency_code, f"the account is in {self.account.currency}")
        day = _day(row.segments.date)
        if not since <= day <= until:
            raise _unexpected("segments.date", row.segments.date, f"asked for {since} to {until}")
        if not row.campaign.id:
            raise _unexpected("campaign.id", "")
        return day, row.campaign.id


class _Customer(msgspec.Struct, frozen=True, rename="camel"):
    currency_code: str = ""


class _Campaign(msgspec.Struct, frozen=True, rename="camel"):
    id: str = ""
    name: str = ""
    advertising_channel_type: str = ""


class _Segments(msgspec.Struct, frozen=True):
    date: str = ""


class _Metrics(msgspec.Struct, frozen=True, rename="camel"):
    # The API leaves out what is zero, and writes 64-bit integers as text.
    impressions: str = "0"
    clicks: str = "0"
    cost_micros: str = "0"
    conversions: float = 0.0
    conversions_value: float = 0.0


class _Row(msgspec.Struct, frozen=True):
    customer: _Customer = _Customer()
    campaign: _Campaign = _Campaign()
    segments: _Segments = _Segments()
    metrics: _Metrics = _Metrics()


class _Page(msgspec.Struct, frozen=True, rename="camel"):
    results: list[_Row] = []
    next_page_token: str = ""


def _page(answer: Any) -> _Page:
    try:
        return msgspec.convert(answer, _Page)
    except msgspec.ValidationError as error:
        reason, _separator, path = str(error).partition(" - at ")
        raise _unexpected(path.strip("`") or "a body", _at(answer, path), reason) from None


def _at(answer: Any, path: str) -> Any:
    """What stands at a path such as `$.results[3].metrics.clicks`."""
    for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", path):
        answer = answer[name] if name else answer[int(index)]
    return answer


def _unexpected(field: str, value: object, reason: str = "") -> UnexpectedAnswer:
    because = f" ({reason})" if reason else ""
    return UnexpectedAnswer(f"Google Ads answered {field} = {value!r:.80}{because}.")


def _records(row: _Row, day: date, campaign_id: str) -> Iterator[AdDay | AdConversion]:
    metrics = row.metrics
    yield AdDay(
        day=day,
        campaign_id=campaign_id,
        campaign=row.campaign.name or campaign_id,
        channel=CHANNELS.get(row.campaign.advertising_channel_type, "other"),
        impressions=_count("impressions", metrics.impressions),
        clicks=_count("clicks", metrics.clicks),
        spend_nano=_count("costMicros", metrics.cost_micros, NANO // MICROS),
    )
    yield AdConversion(
        day=day,
        campaign_id=campaign_id,
        conversions_millionths=_exact("conversions", metrics.conversions, millionths),
        value_nano=_exact("conversionsValue", metrics.conversions_value, nano),
    )


def _count(field: str, text: str, scale: int = 1) -> int:
    if not re.fullmatch(r"[0-9]{1,19}", text) or int(text) * scale > LARGEST:
        raise _unexpected(f"metrics.{field}", text)
    return int(text) * scale


def _exact(field: str, number: float, scaled: Callable[[Decimal], int]) -> int:
    """The decimal number Google wrote: the shortest text of a double is the one it was read from."""
    try:
        value = scaled(Decimal(str(number)))
    except (ArithmeticError, ValueError):
        raise _unexpected(f"metrics.{field}", number) from None
    if value < 0:
        raise _unexpected(f"metrics.{field}", number)
    return value


def _day(text: str) -> date:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        raise _unexpected("segments.date", text)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _unexpected("segments.date", text) from None


def _customer_id(shown: str) -> str:
    """The digits of a customer id, which Google shows to people as 123-456-7890."""
    digits = shown.replace("-", "")
    if not re.fullmatch(r"[0-9]{10}", digits):
        raise LostAccess(NOT_AN_ID)
    return digits


class _QuotaDetails(msgspec.Struct, frozen=True, rename="camel"):
    retry_delay: str = ""


class _Details(msgspec.Struct, frozen=True, rename="camel"):
    quota_error_details: _QuotaDetails = _QuotaDetails()


class _Error(msgspec.Struct, frozen=True, rename="camel"):
    error_code: dict[str, str] = {}
    message: str = ""
    details: _Details = _Details()


class _Failed(msgspec.Struct, frozen=True, rename="camel"):
    errors: list[_Error] = []
    request_id: str = ""


class _Status(msgspec.Struct, frozen=True):
    details: list[_Failed] = []


class _Envelope(msgspec.Struct, frozen=True):
    error: _Status


def _failures(response: httpx.Response) -> list[_Failed]:
    """The parts of an error answer that name errors; none where a proxy or the sign-in answered in its own format."""
    try:
        details = msgspec.json.decode(response.content, type=_Envelope).error.details
    except UNREADABLE:
        return []
    return [failed for failed in details if failed.errors]


def _explain(response: httpx.Response) -> Failure | None:
    for failed in _failures(response):
        error = failed.errors[0]
        kind, code = next(iter(error.error_code.items()), ("", ""))
        # The request id is what Google's support asks for.
        logger.warning("Google Ads answered %d: %s %s, request %s.", response.status_code, kind, code, failed.request_id)
        return _judged(kind, code) or _refused(response, kind, code, error.message)
    return None


def _judged(kind: str, code: str) -> Failure | None:
    if code in SENTENCES:
        return LostAccess(SENTENCES[code])
    if kind in ACCESS_KINDS:
        return LostAccess(LOST)
    if kind == "quotaError":
        return Passing(f"Google Ads has no quota left for now: {code}.")
    if code in PASSING_CODES:
        return Passing(f"Google Ads failed for now: {code}.")
    return None


def _refused(response: httpx.Response, kind: str, code: str, message: str) -> Failure | None:
    """What we asked was wrong, unless the status says that the fault is Google's."""
    if response.status_code >= 500:
        return None
    return UnexpectedAnswer(f"Google Ads refused the request: {kind} {code}: {message:.300}")


def _retry_delay(response: httpx.Response) -> float | None:
    """Seconds from the first quota error that says, such as "30s" or "1.5s"."""
    asked = [error.details.quota_error_details.retry_delay for failed in _failures(response) for error in failed.errors]
    delays = [float(text[:-1]) for text in asked if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?s", text)]
    return delays[0] if delays else None
