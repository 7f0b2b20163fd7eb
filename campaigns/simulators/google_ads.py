"""Google Ads: the token endpoint, the list of accounts and `googleAds:search` for figures by campaign and day."""

from __future__ import annotations

import json
import re
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

from campaigns.simulators import Answer, PlatformSimulator, Request
from campaigns.simulators.business import CURRENCY, AdFigures, Ledger

VERSION = "v26"
CUSTOMER = "7305182946"
MANAGER = "4418207753"
# An account that was closed: listed no more, but still known.
CLOSED = "6620194835"
CLIENT_ID = "simulated-client.apps.example"
CLIENT_SECRET = "simulated-client-secret"
DEVELOPER_TOKEN = "simulated-developer-token"
REFRESH_TOKEN = "simulated-refresh-token"
SCOPE = "https://www.googleapis.com/auth/adwords"
LIFETIME = 3599.0
PAGE_SIZE = 10_000
BODY_KEYS = frozenset({"query", "pageToken", "pageSize", "validateOnly", "searchSettings"})
STATUSES = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED"}
GAQL = re.compile(r"\s*SELECT\s+(?P<fields>.+?)\s+FROM\s+(?P<resource>\w+)(?:\s+WHERE\s+(?P<where>.+?))?\s*", re.IGNORECASE | re.DOTALL)
BETWEEN = re.compile(r"segments\.date\s+BETWEEN\s+['\"]([^'\"]*)['\"]\s+AND\s+['\"]([^'\"]*)['\"]", re.IGNORECASE)

# What each selectable field shows of a row; 64-bit integers are text in JSON.
FIELDS: dict[str, Callable[[AdFigures], object]] = {
    "customer.id": lambda _: CUSTOMER,
    "customer.descriptive_name": lambda _: "Maison Lumen",
    "customer.currency_code": lambda _: CURRENCY,
    "customer.time_zone": lambda _: "Europe/Paris",
    "campaign.id": lambda row: row.campaign.id,
    "campaign.name": lambda row: row.campaign.name,
    "campaign.advertising_channel_type": lambda row: row.campaign.kind,
    "segments.date": lambda row: row.day.isoformat(),
    "metrics.impressions": lambda row: str(row.impressions),
    "metrics.clicks": lambda row: str(row.clicks),
    "metrics.cost_micros": lambda row: str(row.cost_micros),
    "metrics.conversions": lambda row: float(row.conversions),
    "metrics.conversions_value": lambda row: float(row.value),
}
RESOURCE_NAMES: dict[str, Callable[[AdFigures], str]] = {
    "customer": lambda _: f"customers/{CUSTOMER}",
    "campaign": lambda row: f"customers/{CUSTOMER}/campaigns/{row.campaign.id}",
}
# proto3 JSON leaves these out.
DEFAULTS: tuple[object, ...] = ("", "0", 0.0)


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
    since: date
    until: date


class GoogleAdsSimulator(PlatformSimulator):
    """Serves the customer `CUSTOMER`, reached directly or through `MANAGER`. Tests may set `page_size`, `shuffled`, `clock`."""

    source = "google_ads"

    def __init__(self, ledger: Ledger, as_of: Callable[[], date]) -> None:
        super().__init__(ledger, as_of)
        self.page_size = PAGE_SIZE
        self.shuffled = False
        self.clock: Callable[[], float] = time.monotonic
        self.is_revoked = False
        self._tokens: dict[str, float] = {}

    def settings(self, url: str) -> dict[str, str]:
        return {
            "base_url": url,
            "token_url": f"{url}/token",
            "version": VERSION,
            "developer_token": DEVELOPER_TOKEN,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
        }

    def secret(self) -> dict[str, str]:
        return {"refresh_token": REFRESH_TOKEN}

    def revoke(self) -> None:
        """The person withdraws the permission: neither the refresh token nor any access token works from now on."""
        self.is_revoked = True

    def expire_tokens(self) -> None:
        """Every access token given so far stops working."""
        self._tokens = dict.fromkeys(self._tokens, self.clock())

    def answer(self, request: Request) -> Answer:
        if request.path == "/token" and request.method == "POST":
            return self._token(dict(parse_qsl(request.body.decode())))
        try:
            return Answer.json(self._answer(request))
        except RefusalError as refused:
            return failure(refused.status, refused.kind, refused.code, str(refused))

    def _token(self, form: dict[str, str]) -> Answer:
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return Answer.json({"error": "invalid_client", "error_description": "The OAuth client was not found."}, 401)
        if form.get("grant_type") != "refresh_token":
            return Answer.json({"error": "unsupported_grant_type", "error_description": "Invalid grant_type."}, 400)
        if self.is_revoked or form.get("refresh_token") != REFRESH_TOKEN:
            return Answer.json({"error": "invalid_grant", "error_description": "Token has been expired or revoked."}, 400)
        token = f"simulated-access-token-{len(self._tokens) + 1}"
        self._tokens[token] = self.clock() + LIFETIME
        return Answer.json({"access_token": token, "expires_in": int(LIFETIME), "scope": SCOPE, "token_type": "Bearer"})

    def _answer(self, request: Request) -> dict[str, Any]:
        version, _, path = request.path.removeprefix("/").partition("/")
        if version != VERSION:
            raise RefusalError(400, "requestError", "UNSUPPORTED_VERSION", f"Version {version} is not served any more.")
        self._check_headers(request)
        if path == "customers:listAccessibleCustomers" and request.method == "GET":
            return {"resourceNames": [f"customers/{MANAGER}", f"customers/{CUSTOMER}"]}
        match = re.fullmatch(r"customers/([^/]+)/googleAds:search", path)
        if not match or request.method != "POST":
            raise RefusalError(404, "requestError", "RESOURCE_NOT_FOUND", "There is no such method.")
        _check_customer(match[1], request.headers.get("login-customer-id", CUSTOMER))
        return self._search(_body(request))

    def _check_headers(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or token not in self._tokens:
            raise RefusalError(401, "authenticationError", "OAUTH_TOKEN_INVALID", "The access token is missing or unknown.")
        if self.is_revoked:
            raise RefusalError(401, "authenticationError", "OAUTH_TOKEN_REVOKED", "The access token was revoked.")
        if self._tokens[token] <= self.clock():
            raise RefusalError(401, "authenticationError", "OAUTH_TOKEN_EXPIRED", "The access token has expired.")
        if "developer-token" not in request.headers:
            raise RefusalError(400, "requestError", "DEVELOPER_TOKEN_PARAMETER_MISSING", "The developer token is missing.")
        if request.headers["developer-token"] != DEVELOPER_TOKEN:
            raise RefusalError(401, "authenticationError", "DEVELOPER_TOKEN_INVALID", "The developer token is not valid.")

    def _search(self, body: dict[str, Any]) -> dict[str, Any]:
        query = _parsed(body["query"])
        digest = sha256(body["query"].encode()).hexdigest()[:16]
        offset, as_of = _position(body.get("pageToken", ""), digest) or (0, self.as_of())
        rows = self._rows(query, as_of)
        answer: dict[str, Any] = {"fieldMask": ",".join(_camel(field) for field in query.fields), "queryResourceConsumption": "2210"}
        page = rows[offset : offset + self.page_size]
        if page and not body.get("validateOnly"):
            answer["results"] = [_row(row, query.fields) for row in page]
        if offset + self.page_size < len(rows) and not body.get("validateOnly"):
            answer["nextPageToken"] = _page_token(offset + self.page_size, as_of, digest)
        return answer

    def _rows(self, query: _Query, as_of: date) -> list[AdFigures]:
        rows = self.ledger.ad_days(query.since, query.until, as_of)
        if self.shuffled:
            rows.sort(key=lambda row: sha256(f"{row.day}|{row.campaign.id}".encode()).digest())
        return rows


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


def _check_customer(customer: str, login: str) -> None:
    if not re.fullmatch(r"[0-9]{10}", customer):
        raise RefusalError(400, "requestError", "INVALID_CUSTOMER_ID", f"Invalid customer id '{customer}'.")
    if customer == MANAGER:
        raise RefusalError(400, "queryError", "REQUESTED_METRICS_FOR_MANAGER", "Metrics cannot be requested for a manager account.")
    if customer == CLOSED:
        raise RefusalError(403, "authorizationError", "CUSTOMER_NOT_ENABLED", "The customer account is not enabled.")
    if customer != CUSTOMER or login not in (CUSTOMER, MANAGER):
        raise RefusalError(403, "authorizationError", "USER_PERMISSION_DENIED", "The user may not access this customer.")


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
    if match["resource"].lower() != "campaign":
        raise RefusalError(400, "queryError", "BAD_RESOURCE_TYPE_IN_FROM_CLAUSE", f"Only campaigns are simulated, not {match['resource']}.")
    fields = tuple(field.strip() for field in match["fields"].split(","))
    for field in fields:
        if field not in FIELDS:
            raise RefusalError(400, "queryError", "UNRECOGNIZED_FIELD", f"Unrecognized field: '{field}'.")
    if "segments.date" not in fields:
        raise RefusalError(400, "queryError", "EXPECTED_REFERENCED_FIELD_IN_SELECT_CLAUSE", "Only figures by segments.date are simulated.")
    return _Query(fields, *_date_range(match["where"] or ""))


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


def _row(figures: AdFigures, fields: tuple[str, ...]) -> dict[str, dict[str, object]]:
    row: dict[str, dict[str, object]] = {}
    for field in fields:
        resource, _, name = _camel(field).partition(".")
        shown = row.setdefault(resource, {"resourceName": RESOURCE_NAMES[resource](figures)} if resource in RESOURCE_NAMES else {})
        value = FIELDS[field](figures)
        if value not in DEFAULTS:
            shown[name] = value
    return row


def _camel(field: str) -> str:
    return re.sub(r"_(\w)", lambda match: match[1].upper(), field)


def _page_token(offset: int, as_of: date, digest: str) -> str:
    return urlsafe_b64encode(f"{offset} {as_of} {digest}".encode()).decode()


def _position(token: str, digest: str) -> tuple[int, date] | None:
    """Where a page starts, and the day whose figures the first page showed: all pages are of one moment."""
    if not token:
        return None
    try:
        offset, as_of, query = urlsafe_b64decode(token).decode().split(" ")
        position = int(offset), date.fromisoformat(as_of)
    except (NotBase64, ValueError):
        raise RefusalError(400, "requestError", "INVALID_PAGE_TOKEN", "The page token is invalid.") from None
    if query != digest:
        raise RefusalError(400, "requestError", "INVALID_PAGE_TOKEN", "The page token belongs to another query.")
    return position
