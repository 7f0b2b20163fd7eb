"""Google Ads: figures by campaign and day, and conversions by action, over the REST interface of the Google Ads API."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from datetime import date

import httpx
import msgspec

from campaigns.channels import gettext_noop as _
from campaigns.connectors.answers import Answers, duration
from campaigns.connectors.base import Account, Connector, Replaces, Stream
from campaigns.connectors.errors import Failure, LostAccess, Passing, UnexpectedAnswer
from campaigns.connectors.http import Http, pages, told
from campaigns.connectors.oauth import AccessToken, Consent, Grant
from campaigns.records import NANO, AdConversion, AdDay, ConversionAction, Record, millionths, nano

TITLE = "Google Ads"
_CAMPAIGN = "customer.currency_code, campaign.id, campaign.name, campaign.advertising_channel_type, segments.date"
_DAYS = "FROM campaign WHERE segments.date BETWEEN '{since}' AND '{until}'"
# All conversions are asked for so that a day which had none that count, but others, is told too.
DELIVERY = (
    f"SELECT {_CAMPAIGN}, metrics.impressions, metrics.clicks, metrics.cost_micros, metrics.conversions,"
    f" metrics.conversions_value, metrics.all_conversions {_DAYS}"
)
BY_ACTION = (
    f"SELECT {_CAMPAIGN}, segments.conversion_action, segments.conversion_action_name, segments.conversion_action_category,"
    f" metrics.conversions, metrics.all_conversions, metrics.all_conversions_value {_DAYS}"
)
ACTIONS = (
    "SELECT conversion_action.id, conversion_action.name, conversion_action.category, conversion_action.primary_for_goal"
    " FROM conversion_action"
)
CLIENTS = (
    "SELECT customer_client.id, customer_client.descriptive_name, customer_client.currency_code, customer_client.time_zone,"
    " customer_client.manager, customer_client.status FROM customer_client"
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
# An account that cannot be read is no reason to hide the others from the person who chooses.
UNREADABLE_ACCOUNTS = frozenset({SENTENCES["CUSTOMER_NOT_ENABLED"], SENTENCES["USER_PERMISSION_DENIED"]})
answers = Answers(TITLE)
logger = logging.getLogger(__name__)


class GoogleAds(Connector):
    """One customer of Google Ads. Settings: `base_url`, `version`, `developer_token` and those of OAuth.

    Days are those of the account's zone; conversions are booked on the day of the click and keep arriving for as long as
    the conversion action allows, 30 days unless it was changed.
    """

    source = "google_ads"
    title = TITLE
    streams = (Stream("ads", Replaces.WINDOW, settle_days=30),)
    consent = Consent(("https://www.googleapis.com/auth/adwords",), {"access_type": "offline", "prompt": "consent"})

    def fetch(self, stream: Stream, since: date, until: date) -> Iterator[Record]:
        """An `AdDay` and the platform's total for every campaign and day with activity, then every action's conversions.

        An action's conversions are all it had, whether or not Google counts it: `ConversionAction` says whether it does.
        """
        search = _Search(self.settings, self.grant, self.http, _customer_id(self.account.external_id), self.account.manager_id)
        told: set[tuple[date, str]] = set()
        yield from self._delivery(search, since, until, told)
        yield from self._conversions(search, since, until, told)

    def _delivery(self, search: _Search, since: date, until: date, told: set[tuple[date, str]]) -> Iterator[AdDay | AdConversion]:
        for row in search(DELIVERY.format(since=since, until=until)):
            day, campaign = self._key(row, since, until)
            if (day, campaign) in told:
                raise answers.unexpected("campaign.id", campaign, f"twice for segments.date {day}")
            told.add((day, campaign))
            yield _ad_day(row, day)
            yield AdConversion(
                day=day,
                campaign_id=campaign,
                conversions_millionths=answers.exact("metrics.conversions", row.metrics.conversions, millionths),
                value_nano=answers.exact("metrics.conversionsValue", row.metrics.conversions_value, nano),
            )

    def _conversions(self, search: _Search, since: date, until: date, told: set[tuple[date, str]]) -> Iterator[Record]:
        actions: dict[str, ConversionAction] = {}
        seen: set[tuple[date, str, str]] = set()
        for row in search(BY_ACTION.format(since=since, until=until)):
            day, campaign = self._key(row, since, until)
            action = _action_id(row.segments.conversion_action)
            if (day, campaign, action) in seen:
                raise answers.unexpected("segments.conversionAction", action, f"twice for campaign.id {campaign} on {day}")
            seen.add((day, campaign, action))
            if (day, campaign) not in told:
                # It arrived between the two questions, and before it the campaign's day had nothing to tell.
                told.add((day, campaign))
                yield _ad_day(row, day)
            yield _conversion(row, day, action)
            # Of actions that a manager account shares, the account's own list says nothing.
            counts = row.metrics.conversions > 0 or (action in actions and actions[action].counts)
            actions[action] = _action(until, action, row.segments.conversion_action_name, row.segments.conversion_action_category, counts)
        for one in (row.conversion_action for row in search(ACTIONS)):
            actions[one.id] = _action(until, one.id, one.name, one.category, one.primary_for_goal)
        yield from actions.values()

    @classmethod
    def accounts(cls, settings: Mapping[str, str], grant: Grant, http: Http) -> list[Account]:
        """Every open account the person reaches, directly or below a manager; managers themselves have no figures."""
        found: dict[str, Account] = {}
        for root in _accessible(settings, grant, http):
            for client in _clients(settings, grant, http, root):
                is_direct = client.id == root
                if not client.manager and client.status in ("ENABLED", "") and (is_direct or client.id not in found):
                    found[client.id] = _account(client, "" if is_direct else root)
        return sorted(found.values(), key=lambda account: (account.name.casefold(), account.external_id))

    def _key(self, row: _Row, since: date, until: date) -> tuple[date, str]:
        """The row's day and campaign, once it is certain that it belongs to this account and these days."""
        if row.customer.currency_code != self.account.currency:
            raise answers.unexpected("customer.currencyCode", row.customer.currency_code, f"the account is in {self.account.currency}")
        if not row.campaign.id:
            raise answers.unexpected("campaign.id", "")
        return answers.within("segments.date", answers.day("segments.date", row.segments.date), since, until), row.campaign.id


class _Search:
    """Asks one customer in Google's query language, page by page."""

    def __init__(self, settings: Mapping[str, str], grant: Grant, http: Http, customer: str, manager: str) -> None:
        self._url = f"{settings['base_url']}/{settings['version']}/customers/{customer}/googleAds:search"
        self._headers = _headers(settings)
        if manager:
            self._headers["login-customer-id"] = _customer_id(manager)
        self._token = AccessToken(settings, grant, http)
        self._http = http

    def __call__(self, query: str) -> Iterator[_Row]:
        def read(cursor: str) -> tuple[list[_Row], str]:
            body = {"query": query, "pageToken": cursor} if cursor else {"query": query}
            answer = self._http.request_json(
                "POST", self._url, headers=self._headers, json=body, auth=self._token, explain=_explain, retry_delay=_retry_delay
            )
            page = answers.shaped(answer, _Page)
            return page.results, page.next_page_token

        return (row for page in pages(read) for row in page)


class _Customer(msgspec.Struct, frozen=True, rename="camel"):
    currency_code: str = ""


class _Campaign(msgspec.Struct, frozen=True, rename="camel"):
    id: str = ""
    name: str = ""
    advertising_channel_type: str = ""


class _Segments(msgspec.Struct, frozen=True, rename="camel"):
    date: str = ""
    conversion_action: str = ""
    conversion_action_name: str = ""
    conversion_action_category: str = ""


class _Metrics(msgspec.Struct, frozen=True, rename="camel"):
    # The API leaves out what is zero, and writes 64-bit integers as text.
    impressions: str = "0"
    clicks: str = "0"
    cost_micros: str = "0"
    conversions: float = 0.0
    conversions_value: float = 0.0
    all_conversions: float = 0.0
    all_conversions_value: float = 0.0


class _Action(msgspec.Struct, frozen=True, rename="camel"):
    id: str = ""
    name: str = ""
    category: str = ""
    primary_for_goal: bool = False


class _Client(msgspec.Struct, frozen=True, rename="camel"):
    id: str = ""
    descriptive_name: str = ""
    currency_code: str = ""
    time_zone: str = ""
    manager: bool = False
    status: str = ""


class _Row(msgspec.Struct, frozen=True, rename="camel"):
    customer: _Customer = _Customer()
    campaign: _Campaign = _Campaign()
    segments: _Segments = _Segments()
    metrics: _Metrics = _Metrics()
    conversion_action: _Action = _Action()
    customer_client: _Client = _Client()


class _Page(msgspec.Struct, frozen=True, rename="camel"):
    results: list[_Row] = []
    next_page_token: str = ""


class _Accessible(msgspec.Struct, frozen=True, rename="camel"):
    resource_names: list[str] = []


def _ad_day(row: _Row, day: date) -> AdDay:
    return AdDay(
        day=day,
        campaign_id=row.campaign.id,
        campaign=row.campaign.name or row.campaign.id,
        channel=CHANNELS.get(row.campaign.advertising_channel_type, "other"),
        impressions=answers.count("metrics.impressions", row.metrics.impressions),
        clicks=answers.count("metrics.clicks", row.metrics.clicks),
        spend_nano=answers.count("metrics.costMicros", row.metrics.cost_micros, NANO // MICROS),
    )


def _conversion(row: _Row, day: date, action: str) -> AdConversion:
    return AdConversion(
        day=day,
        campaign_id=row.campaign.id,
        action=action,
        conversions_millionths=answers.exact("metrics.allConversions", row.metrics.all_conversions, millionths),
        value_nano=answers.exact("metrics.allConversionsValue", row.metrics.all_conversions_value, nano),
    )


def _action(day: date, action: str, name: str, category: str, counts: bool) -> ConversionAction:
    if not action:
        raise answers.unexpected("conversionAction.id", "")
    return ConversionAction(day=day, action=action, name=name or action, category=category, counts=counts)


def _action_id(resource_name: str) -> str:
    """The id in `customers/…/conversionActions/…`."""
    match = re.fullmatch(r"customers/[0-9]+/conversionActions/([0-9]+)", resource_name)
    if not match:
        raise answers.unexpected("segments.conversionAction", resource_name)
    return match[1]


def _accessible(settings: Mapping[str, str], grant: Grant, http: Http) -> list[str]:
    """The ids of the customers that list the person as a user of theirs."""
    url = f"{settings['base_url']}/{settings['version']}/customers:listAccessibleCustomers"
    token = AccessToken(settings, grant, http)
    answer = http.request_json("GET", url, headers=_headers(settings), auth=token, explain=_explain, retry_delay=_retry_delay)
    names = answers.shaped(answer, _Accessible).resource_names
    for name in names:
        if not re.fullmatch(r"customers/[0-9]{10}", name):
            raise answers.unexpected("resourceNames", name)
    return [name.removeprefix("customers/") for name in names]


def _clients(settings: Mapping[str, str], grant: Grant, http: Http, root: str) -> list[_Client]:
    """The customer and, of a manager, all below it; none of one that is closed."""
    try:
        return [row.customer_client for row in _Search(settings, grant, http, root, root)(CLIENTS)]
    except LostAccess as refused:
        if str(refused) not in UNREADABLE_ACCOUNTS:
            raise
        return []


def _account(client: _Client, manager: str) -> Account:
    if not re.fullmatch(r"[0-9]{10}", client.id):
        raise answers.unexpected("customerClient.id", client.id)
    return Account(client.id, client.descriptive_name or client.id, client.currency_code, client.time_zone, manager)


def _headers(settings: Mapping[str, str]) -> dict[str, str]:
    if not settings.get("developer_token"):
        raise LostAccess(NO_DEVELOPER_TOKEN)
    return {"developer-token": settings["developer_token"]}


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
    envelope = told(response, _Envelope)
    return [failed for failed in envelope.error.details if failed.errors] if envelope else []


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
    asked = (duration(error.details.quota_error_details.retry_delay) for failed in _failures(response) for error in failed.errors)
    return next((delay for delay in asked if delay is not None), None)
