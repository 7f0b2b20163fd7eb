"""Google Ads: the list of accounts and `googleAds:search` for accounts, conversion actions and figures by campaign and day."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from campaigns.simulators import Answer, Request
from campaigns.simulators.business import MAISON_LUMEN, AdConversionFigures, AdFigures, Ledger
from campaigns.simulators.business.story import AdAccount, ConversionAction
from campaigns.simulators.google import AGENCY, CLIENT_ID, CLIENT_SECRET, STATUSES, GoogleSimulator
from campaigns.simulators.paging import InvalidPageTokenError, length, page, page_token, position
from campaigns.simulators.tokens import ExpiredTokenError, RevokedTokenError, UnknownTokenError, bearer, refresh_token

__all__ = ["CLIENT_ID", "CLIENT_SECRET"]
VERSION = "v26"
CUSTOMER = MAISON_LUMEN.main_ad_account.id
MANAGER = "4418207753"
# An account that was closed: not accessible any more, but still known to its manager.
CLOSED = "6620194835"
DEVELOPER_TOKEN = "simulated-developer-token"
REFRESH_TOKEN = refresh_token(AGENCY)
BODY_KEYS = frozenset({"query", "pageToken", "pageSize", "validateOnly", "searchSettings"})
GAQL = re.compile(r"\s*SELECT\s+(?P<fields>.+?)\s+FROM\s+(?P<resource>\w+)(?:\s+WHERE\s+(?P<where>.+?))?\s*", re.IGNORECASE | re.DOTALL)
BETWEEN = re.compile(r"segments\.date\s+BETWEEN\s+['\"]([^'\"]*)['\"]\s+AND\s+['\"]([^'\"]*)['\"]", re.IGNORECASE)
CONDITION = re.compile(r"\s*([\w.]+)\s*(<=|>=|!=|=|<|>)\s*(?:'([^']*)'|\"([^\"]*)\"|(\w+))\s*")
OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
# proto3 JSON leaves these out.
DEFAULTS: tuple[object, ...] = ("", "0", 0.0, False)


@dataclass(frozen=True)
class _Row:
    """What a query's row is about; parts that its resource has not are None."""

    account: AdAccount
    figures: AdFigures | AdConversionFigures | None = None
    action: ConversionAction | None = None
    client: Mapping[str, object] | None = None
    is_paused: bool = False


def _of_figures(name: str) -> Callable[[_Row], Any]:
    return lambda row: getattr(row.figures, name)


def _of_campaign(name: str) -> Callable[[_Row], Any]:
    return lambda row: getattr(_campaign(row), name)


def _campaign(row: _Row) -> Any:
    assert row.figures
    return row.figures.campaign


def _action(row: _Row) -> ConversionAction:
    found = row.figures.action if isinstance(row.figures, AdConversionFigures) else row.action
    assert found
    return found


def _client(name: str) -> Callable[[_Row], Any]:
    return lambda row: row.client and row.client[name]


def _action_name(row: _Row) -> str:
    return f"customers/{row.account.id}/conversionActions/{_action(row).id}"


# What each selectable field shows of a row; 64-bit integers are text in JSON.
Fields = dict[str, Callable[[_Row], object]]
OF_CUSTOMER: Fields = {
    "customer.id": lambda row: row.account.id,
    "customer.descriptive_name": lambda row: row.account.name,
    "customer.currency_code": lambda row: row.account.currency,
    "customer.time_zone": lambda row: row.account.zone,
    "customer.manager": lambda row: row.account.id == MANAGER,
    "customer.status": lambda _: "ENABLED",
}
OF_CAMPAIGN: Fields = {
    "campaign.id": _of_campaign("id"),
    "campaign.name": _of_campaign("name"),
    "campaign.status": lambda row: "PAUSED" if row.is_paused else "ENABLED",
    "campaign.advertising_channel_type": _of_campaign("kind"),
    "segments.date": lambda row: row.figures and row.figures.day.isoformat(),
}
CONVERSIONS: Fields = {
    "metrics.conversions": lambda row: float(_of_figures("conversions")(row)),
    "metrics.conversions_value": lambda row: float(_of_figures("value")(row)),
    "metrics.all_conversions": lambda row: float(_of_figures("all_conversions")(row)),
    "metrics.all_conversions_value": lambda row: float(_of_figures("all_value")(row)),
}
DELIVERY: Fields = {
    "metrics.impressions": lambda row: str(_of_figures("impressions")(row)),
    "metrics.clicks": lambda row: str(_of_figures("clicks")(row)),
    "metrics.cost_micros": lambda row: str(_of_figures("cost_micros")(row)),
}
BY_ACTION: Fields = {
    "segments.conversion_action": _action_name,
    "segments.conversion_action_name": lambda row: _action(row).name,
    "segments.conversion_action_category": lambda row: _action(row).category,
}
OF_ACTION: Fields = {
    "conversion_action.id": lambda row: _action(row).id,
    "conversion_action.name": lambda row: _action(row).name,
    "conversion_action.category": lambda row: _action(row).category,
    "conversion_action.status": lambda _: "ENABLED",
    "conversion_action.primary_for_goal": lambda row: _action(row).is_primary,
    "conversion_action.counting_type": lambda row: "ONE_PER_CLICK" if _action(row).category == "SUBMIT_LEAD_FORM" else "MANY_PER_CLICK",
    "conversion_action.click_through_lookback_window_days": lambda row: str(_action(row).window_days),
}
CLIENT_FIELDS = "id client_customer descriptive_name currency_code time_zone level manager status hidden test_account"
OF_CLIENT: Fields = {f"customer_client.{name}": _client(name) for name in CLIENT_FIELDS.split()}
FIELDS: dict[str, Fields] = {
    "campaign": OF_CUSTOMER | OF_CAMPAIGN | DELIVERY | CONVERSIONS | BY_ACTION,
    "conversion_action": OF_CUSTOMER | OF_ACTION,
    "customer_client": OF_CUSTOMER | OF_CLIENT,
    "customer": OF_CUSTOMER,
}
RESOURCE_NAMES: dict[str, Callable[[_Row], str]] = {
    "customer": lambda row: f"customers/{row.account.id}",
    "campaign": lambda row: f"customers/{row.account.id}/campaigns/{_campaign(row).id}",
    "conversionAction": _action_name,
    "customerClient": lambda row: f"customers/{row.account.id}/customerClients/{row.client and row.client['id']}",
}


class RefusalError(Exception):
    """A request that Google Ads answers with its error envelope."""

    def __init__(self, status: int, kind: str, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.code = code


@dataclass(frozen=True)
class _Query:
    fields: tuple[str, ...]
    resource: str
    since: date
    until: date
    conditions: tuple[tuple[str, str, str], ...]

    @property
    def is_by_action(self) -> bool:
        return any(field in BY_ACTION for field in self.fields)


class GoogleAdsSimulator(GoogleSimulator):
    """Serves the ad accounts of all businesses, each reached by its own user or through the agency's `MANAGER`.

    The agency's user reaches `CUSTOMER` without its manager, too.
    """

    source = "google_ads"
    scope = "https://www.googleapis.com/auth/adwords"
    largest_page = 10_000

    def __init__(self, ledgers: Mapping[str, Ledger], as_of: Callable[[], date]) -> None:
        super().__init__(ledgers, as_of)
        self.accounts = {account.id: (ledger, account) for ledger in ledgers.values() for account in ledger.business.accounts.google_ads}

    def settings(self, url: str) -> dict[str, str]:
        return self.google_settings(url) | {"version": VERSION, "developer_token": DEVELOPER_TOKEN}

    def answer(self, request: Request) -> Answer:
        signed_in = self.signed_in(request)
        if signed_in:
            return signed_in
        try:
            return Answer.json(self._answer(request))
        except RefusalError as refused:
            return failure(refused.status, refused.kind, refused.code, str(refused))

    def _answer(self, request: Request) -> dict[str, Any]:
        version, _, path = request.path.removeprefix("/").partition("/")
        if version != VERSION:
            raise RefusalError(400, "requestError", "UNSUPPORTED_VERSION", f"Version {version} is not served any more.")
        user = self._user(request)
        if path == "customers:listAccessibleCustomers" and request.method == "GET":
            return {"resourceNames": [f"customers/{customer}" for customer in self._direct(user)]}
        match = re.fullmatch(r"customers/([^/]+)/googleAds:search", path)
        if not match or request.method != "POST":
            raise RefusalError(404, "requestError", "RESOURCE_NOT_FOUND", "There is no such method.")
        self._check_customer(user, match[1], request.headers.get("login-customer-id", ""))
        return self._search(match[1], _body(request))

    def _user(self, request: Request) -> str:
        try:
            user = self.tokens.holder(bearer(request.headers.get("authorization", "")))
        except UnknownTokenError:
            raise RefusalError(401, "authenticationError", "OAUTH_TOKEN_INVALID", "The access token is missing or unknown.") from None
        except RevokedTokenError:
            raise RefusalError(401, "authenticationError", "OAUTH_TOKEN_REVOKED", "The access token was revoked.") from None
        except ExpiredTokenError:
            raise RefusalError(401, "authenticationError", "OAUTH_TOKEN_EXPIRED", "The access token has expired.") from None
        if "developer-token" not in request.headers:
            raise RefusalError(400, "requestError", "DEVELOPER_TOKEN_PARAMETER_MISSING", "The developer token is missing.")
        if request.headers["developer-token"] != DEVELOPER_TOKEN:
            raise RefusalError(401, "authenticationError", "DEVELOPER_TOKEN_INVALID", "The developer token is not valid.")
        return user

    def _direct(self, user: str) -> list[str]:
        """The accounts that this user reaches without a manager."""
        if user == AGENCY:
            return [MANAGER, CUSTOMER]
        return [account.id for account in self.ledgers[user].business.accounts.google_ads]

    def _check_customer(self, user: str, customer: str, login: str) -> None:
        if not re.fullmatch(r"[0-9]{10}", customer):
            raise RefusalError(400, "requestError", "INVALID_CUSTOMER_ID", f"Invalid customer id '{customer}'.")
        if customer == CLOSED:
            raise RefusalError(403, "authorizationError", "CUSTOMER_NOT_ENABLED", "The customer account is not enabled.")
        is_below_manager = user == AGENCY and login == MANAGER and customer in (MANAGER, *self.accounts)
        is_direct = login in ("", customer) and customer in self._direct(user)
        if not is_below_manager and not is_direct:
            raise RefusalError(403, "authorizationError", "USER_PERMISSION_DENIED", "The user may not access this customer.")

    def _search(self, customer: str, body: dict[str, Any]) -> dict[str, Any]:
        query = _parsed(body["query"])
        if customer == MANAGER and query.resource == "campaign":
            raise RefusalError(400, "queryError", "REQUESTED_METRICS_FOR_MANAGER", "Metrics cannot be requested for a manager account.")
        digest = sha256(f"{customer} {body['query']}".encode()).hexdigest()[:16]
        try:
            offset, as_of = position(body.get("pageToken", ""), digest) or (0, self.as_of())
        except InvalidPageTokenError as refused:
            raise RefusalError(400, "requestError", "INVALID_PAGE_TOKEN", str(refused)) from None
        rows = self._rows(customer, query, as_of)
        answer: dict[str, Any] = {"fieldMask": ",".join(_camel(field) for field in query.fields), "queryResourceConsumption": "2210"}
        shown = page(rows, offset, self.page_size, self.overlap)
        if shown and not body.get("validateOnly"):
            answer["results"] = [_shown(row, query) for row in shown]
        if offset + self.page_size < length(rows, offset, self.overlap) and not body.get("validateOnly"):
            answer["nextPageToken"] = page_token(offset + self.page_size, as_of, digest)
        return answer

    def _rows(self, customer: str, query: _Query, as_of: date) -> list[_Row]:
        if query.resource == "campaign":
            rows = self._figures(customer, query, as_of)
        else:
            found = self._clients(customer) if query.resource == "customer_client" else self._described(customer, query.resource)
            rows = [row for row in found if all(_holds(row, query.resource, *condition) for condition in query.conditions)]
        return sorted(rows, key=lambda row: sha256(repr(row).encode()).digest()) if self.shuffled else rows

    def _figures(self, customer: str, query: _Query, as_of: date) -> list[_Row]:
        ledger, account = self.accounts[customer]
        find = ledger.ad_conversions if query.is_by_action else ledger.ad_days
        age = ledger.story.age(as_of)
        return [_Row(account, row, is_paused=age in row.campaign.paused) for row in find(query.since, query.until, as_of, account)]

    def _described(self, customer: str, resource: str) -> list[_Row]:
        if customer == MANAGER:
            return [_Row(_manager())] if resource == "customer" else []
        ledger, account = self.accounts[customer]
        return [_Row(account)] if resource == "customer" else [_Row(account, action=action) for action in ledger.business.actions.values()]

    def _clients(self, customer: str) -> list[_Row]:
        """The account itself and, of the manager, those below it."""
        if customer != MANAGER:
            account = self.accounts[customer][1]
            return [_Row(account, client=_described(account, 0))]
        manager = _manager()
        closed = AdAccount(CLOSED, "Lampes d'hier", "EUR", "Europe/Paris")
        below = [_described(account, 1) for _, account in self.accounts.values()]
        return [_Row(manager, client=client) for client in (_described(manager, 0), *below, _described(closed, 1, "CLOSED"))]


def failure(status: int, kind: str, code: str, message: str, details: dict[str, Any] | None = None) -> Answer:
    """The error envelope, as a `google.rpc.Status` around a `GoogleAdsFailure`."""
    error: dict[str, Any] = {"errorCode": {kind: code}, "message": message}
    if details:
        error["details"] = details
    failed = {
        "@type": f"type.googleapis.com/google.ads.googleads.{VERSION}.errors.GoogleAdsFailure",
        "errors": [error],
        "requestId": "simulated-request",
    }
    envelope = {"code": status, "message": "The request failed.", "status": STATUSES.get(status, "INTERNAL"), "details": [failed]}
    return Answer.json({"error": envelope}, status)


def quota_failure(retry_delay: str = "") -> Answer:
    """429, with the seconds to wait in the body where given, such as "30s"."""
    details: dict[str, Any] = {"rateScope": "DEVELOPER", "rateName": "Requests per minute"}
    if retry_delay:
        details["retryDelay"] = retry_delay
    return failure(429, "quotaError", "RESOURCE_EXHAUSTED", "Too many requests.", {"quotaErrorDetails": details})


def _manager() -> AdAccount:
    return AdAccount(MANAGER, "Atelier Nord", "EUR", "Europe/Paris")


def _described(account: AdAccount, level: int, status: str = "ENABLED") -> dict[str, object]:
    """The row of customer_client, by the names of its fields."""
    return {
        "id": account.id,
        "client_customer": f"customers/{account.id}",
        "descriptive_name": account.name,
        "currency_code": account.currency,
        "time_zone": account.zone,
        "level": str(level),
        "manager": account.id == MANAGER,
        "status": status,
        "hidden": False,
        "test_account": False,
    }


def _body(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(request.body)
    except ValueError:
        raise RefusalError(400, "requestError", "UNKNOWN", "The body is not JSON.") from None
    if not isinstance(body, dict) or not set(body) <= BODY_KEYS or not isinstance(body.get("query"), str):
        raise RefusalError(400, "requestError", "REQUIRED_FIELD_MISSING", "The body must hold a query, and nothing unknown.")
    if "pageSize" in body:
        raise RefusalError(400, "requestError", "PAGE_SIZE_NOT_SUPPORTED", "Setting the page size is not supported.")
    return body


def _parsed(query: str) -> _Query:
    match = GAQL.fullmatch(query)
    if not match:
        raise RefusalError(400, "queryError", "EXPECTED_SELECT", "The query is not understood.")
    resource = match["resource"].lower()
    if resource not in FIELDS:
        raise RefusalError(400, "queryError", "BAD_RESOURCE_TYPE_IN_FROM_CLAUSE", f"{resource} is not simulated, only {', '.join(FIELDS)}.")
    fields = tuple(field.strip() for field in match["fields"].split(","))
    for field in fields:
        _check_field(resource, field)
    if resource != "campaign":
        return _Query(fields, resource, date.min, date.max, _conditions(resource, match["where"] or ""))
    if "segments.date" not in fields:
        raise RefusalError(400, "queryError", "EXPECTED_REFERENCED_FIELD_IN_SELECT_CLAUSE", "Only figures by segments.date are simulated.")
    query_by_action = _Query(fields, resource, *_date_range(match["where"] or ""), ())
    if query_by_action.is_by_action and any(field in DELIVERY for field in fields):
        code = "PROHIBITED_SEGMENT_WITH_METRIC_IN_SELECT_OR_WHERE_CLAUSE"
        raise RefusalError(400, "queryError", code, "Impressions, clicks and cost cannot be segmented by conversion action.")
    return query_by_action


def _check_field(resource: str, field: str) -> None:
    if field in FIELDS[resource]:
        return
    if any(field in fields for fields in FIELDS.values()):
        code = "PROHIBITED_FIELD_IN_SELECT_CLAUSE"
        raise RefusalError(400, "queryError", code, f"'{field}' cannot be selected from {resource}.")
    raise RefusalError(400, "queryError", "UNRECOGNIZED_FIELD", f"Unrecognized field: '{field}'.")


def _date_range(where: str) -> tuple[date, date]:
    if not where:
        raise RefusalError(400, "queryError", "EXPECTED_FILTERS_ON_DATE_RANGE", "segments.date needs a finite range.")
    match = BETWEEN.fullmatch(where)
    if not match:
        raise RefusalError(400, "queryError", "UNEXPECTED_INPUT", "Only segments.date BETWEEN … AND … is simulated.")
    try:
        since, until = date.fromisoformat(match[1]), date.fromisoformat(match[2])
    except ValueError:
        raise RefusalError(400, "queryError", "INVALID_DATE_FORMAT", "A day must be written as YYYY-MM-DD.") from None
    if since > until:
        raise RefusalError(400, "queryError", "INVALID_VALUE_WITH_BETWEEN_OPERATOR", "The range ends before it begins.")
    return since, until


def _conditions(resource: str, where: str) -> tuple[tuple[str, str, str], ...]:
    """Comparisons of the resource's fields with literals, joined by AND."""
    found: list[tuple[str, str, str]] = []
    for part in re.split(r"\s+AND\s+", where, flags=re.IGNORECASE) if where else ():
        match = CONDITION.fullmatch(part)
        if not match:
            raise RefusalError(400, "queryError", "UNEXPECTED_INPUT", f"The condition {part!r} is not simulated.")
        _check_field(resource, match[1])
        found.append((match[1], match[2], match[3] or match[4] or match[5]))
    return tuple(found)


def _holds(row: _Row, resource: str, field: str, sign: str, literal: str) -> bool:
    value = FIELDS[resource][field](row)
    if isinstance(value, bool):
        return OPERATORS[sign](value, literal.upper() == "TRUE")
    if isinstance(value, str) and value.isdigit() and literal.isdigit():
        return OPERATORS[sign](int(value), int(literal))
    return OPERATORS[sign](value, literal)


def _shown(row: _Row, query: _Query) -> dict[str, dict[str, object]]:
    shown: dict[str, dict[str, object]] = {}
    for field in query.fields:
        resource, _, name = _camel(field).partition(".")
        part = shown.setdefault(resource, {"resourceName": RESOURCE_NAMES[resource](row)} if resource in RESOURCE_NAMES else {})
        value = FIELDS[query.resource][field](row)
        if value not in DEFAULTS:
            part[name] = value
    return shown


def _camel(field: str) -> str:
    return re.sub(r"_(\w)", lambda match: match[1].upper(), field)
