"""Google Analytics 4: `runReport` of the Data API by landing page or by page, and the Admin API's accounts and properties."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

from campaigns.simulators import Answer, Request
from campaigns.simulators.business import Ledger
from campaigns.simulators.business.figures import LandingDay, PageDay
from campaigns.simulators.google import STATUSES, GoogleSimulator
from campaigns.simulators.paging import length, page
from campaigns.simulators.tokens import ExpiredTokenError, RevokedTokenError, UnknownTokenError, bearer

VERSION = "v1beta"
DEFAULT_LIMIT, LARGEST_LIMIT = 10_000, 250_000
SERVED = {"property", "dateRanges", "dimensions", "metrics", "limit", "offset", "keepEmptyRows", "orderBys", "returnPropertyQuota"}
NOT_SERVED = {"currencyCode", "dimensionFilter", "metricFilter", "metricAggregations", "cohortSpec", "comparisons"}
TOKENS_PER_DAY, TOKENS_PER_HOUR = 200_000, 40_000
Row = Mapping[str, Any]
Read = Callable[[Any], str]

OF_SESSIONS: dict[str, Read] = {
    "landingPagePlusQueryString": lambda row: row.landing_page,
    "landingPage": lambda row: row.landing_page.partition("?")[0],
    "sessionDefaultChannelGroup": lambda row: row.group,
    "sessionSource": lambda row: row.source,
    "sessionMedium": lambda row: row.medium,
    "sessionSourceMedium": lambda row: f"{row.source} / {row.medium}",
    "sessionCampaignName": lambda row: row.campaign,
}
OF_PAGES: dict[str, Read] = {"pagePath": lambda row: row.page, "pagePathPlusQueryString": lambda row: row.page}
OF_BOTH: dict[str, Read] = {"date": lambda row: row.day.strftime("%Y%m%d")}
DIMENSIONS = OF_BOTH | OF_SESSIONS | OF_PAGES
# The type of each metric and what it sums; metrics of sessions only are named below.
METRICS: dict[str, tuple[str, Callable[[Any], int | Decimal]]] = {
    "sessions": ("TYPE_INTEGER", lambda row: row.sessions),
    "engagedSessions": ("TYPE_INTEGER", lambda row: row.engaged_sessions),
    "userEngagementDuration": ("TYPE_SECONDS", lambda row: row.engagement_seconds),
    "screenPageViews": ("TYPE_INTEGER", lambda row: row.views),
    "keyEvents": ("TYPE_FLOAT", lambda row: row.key_events),
    "totalRevenue": ("TYPE_CURRENCY", lambda row: row.revenue),
}
OF_SESSIONS_ONLY = {"engagedSessions", "keyEvents", "totalRevenue"}


class RefusalError(Exception):
    """A request that Google answers with its error envelope."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class _Query:
    since: date
    until: date
    dimensions: tuple[str, ...]
    metrics: tuple[str, ...]
    orders: tuple[str, ...]

    @property
    def is_by_page(self) -> bool:
        return any(name in OF_PAGES for name in self.dimensions)


class GoogleAnalyticsSimulator(GoogleSimulator):
    """Serves the property of every business; `base_url` is the Data API and the Admin API in one."""

    source = "google_analytics"
    scope = "https://www.googleapis.com/auth/analytics.readonly"
    largest_page = LARGEST_LIMIT

    def __init__(self, ledgers: Mapping[str, Ledger], as_of: Callable[[], date]) -> None:
        super().__init__(ledgers, as_of)
        self._reports: dict[tuple[str, _Query, date], list[tuple[tuple[str, ...], list[int | Decimal]]]] = {}

    def settings(self, url: str) -> dict[str, str]:
        return self.google_settings(url) | {"admin_url": url, "version": VERSION}

    def answer(self, request: Request) -> Answer:
        signed_in = self.signed_in(request)
        if signed_in:
            return signed_in
        try:
            return Answer.json(self._answer(request))
        except RefusalError as refused:
            return failure(refused.status, str(refused))

    def _answer(self, request: Request) -> dict[str, Any]:
        user = self._user(request)
        if request.method == "GET" and request.path == f"/{VERSION}/accountSummaries":
            return self._summaries(user, request.query)
        match = re.fullmatch(rf"/{VERSION}/properties/([^/:]+)(:runReport|/metadata)?", request.path)
        if not match or request.method != ("POST" if match[2] == ":runReport" else "GET"):
            raise RefusalError(404, "Requested entity was not found.")
        ledger = self._property(user, match[1])
        if match[2] == ":runReport":
            return self._report(ledger, _body(request, match[1]))
        return _metadata(match[1]) if match[2] else _property(ledger)

    def _user(self, request: Request) -> str:
        try:
            return self.tokens.holder(bearer(request.headers.get("authorization", "")))
        except (UnknownTokenError, RevokedTokenError, ExpiredTokenError):
            message = (
                "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid credential."
            )
            raise RefusalError(401, message) from None

    def _property(self, user: str, identity: str) -> Ledger:
        if not identity.isdigit():
            raise RefusalError(400, f"Invalid property ID: {identity}. A numeric Property ID is required.")
        for slug in self.slugs(user):
            if self.ledgers[slug].business.accounts.google_analytics == identity:
                return self.ledgers[slug]
        raise RefusalError(403, "User does not have sufficient permissions for this property.")

    def _summaries(self, user: str, asked: Mapping[str, str]) -> dict[str, Any]:
        """The accounts, one page of them; a page token is the place of the next one."""
        size, offset = asked.get("pageSize", "50"), asked.get("pageToken", "0")
        if not size.isdigit() or not offset.isdigit():
            raise RefusalError(400, "Invalid value at 'page_size' or 'page_token'.")
        found = [_summary(self.ledgers[slug]) for slug in self.slugs(user)]
        end = int(offset) + min(int(size) or 50, self.page_size)
        answer: dict[str, Any] = {"accountSummaries": found[int(offset) : end]}
        return answer | ({"nextPageToken": str(end)} if end < len(found) else {})

    def _report(self, ledger: Ledger, body: dict[str, Any]) -> dict[str, Any]:
        query = _query(body, self.as_of())
        limit, offset = _whole(body, "limit", DEFAULT_LIMIT), _whole(body, "offset", 0)
        if not 1 <= limit <= LARGEST_LIMIT:
            raise RefusalError(400, f"The limit must be from 1 to {LARGEST_LIMIT}, not {limit}.")
        rows = self._rows(ledger, query)
        shown = page(rows, offset, min(limit, self.page_size), self.overlap)
        answer: dict[str, Any] = {
            "dimensionHeaders": [{"name": name} for name in query.dimensions],
            "metricHeaders": [{"name": name, "type": METRICS[name][0]} for name in query.metrics],
            "metadata": {"currencyCode": ledger.business.currency, "timeZone": ledger.business.zone},
            "kind": "analyticsData#runReport",
        }
        total = length(rows, offset, self.overlap)
        answer |= {"rowCount": total} if total else {}
        answer |= {"rows": [_shown(row) for row in shown]} if shown else {}
        if any("(other)" in row[0] for row in rows):
            answer["metadata"]["dataLossFromOtherRow"] = True
        return answer | ({"propertyQuota": _quota(len(rows))} if body.get("returnPropertyQuota") else {})

    def _rows(self, ledger: Ledger, query: _Query) -> list[tuple[tuple[str, ...], list[int | Decimal]]]:
        """The values of the dimensions with the sums of the metrics, greatest first metric first."""
        key = ledger.business.slug, query, self.as_of()
        if key not in self._reports:
            if len(self._reports) > 8:
                self._reports.clear()
            self._reports[key] = self._summed(ledger, query)
        rows = self._reports[key]
        shuffled = sorted(rows, key=lambda row: sha256(repr(row[0]).encode()).digest()) if self.shuffled else rows
        places = [query.dimensions.index(name) for name in query.orders]
        return sorted(shuffled, key=lambda row: [row[0][place] for place in places]) if places else shuffled

    def _summed(self, ledger: Ledger, query: _Query) -> list[tuple[tuple[str, ...], list[int | Decimal]]]:
        found: Sequence[LandingDay | PageDay]
        if query.is_by_page:
            found = ledger.page_days(query.since, query.until, self.as_of())
        else:
            found = ledger.landing_days(query.since, query.until, self.as_of())
        read = [DIMENSIONS[name] for name in query.dimensions]
        measure = [METRICS[name][1] for name in query.metrics]
        sums: dict[tuple[str, ...], list[int | Decimal]] = {}
        for row in found:
            key = tuple(dimension(row) for dimension in read)
            values = [metric(row) for metric in measure]
            known = sums.get(key)
            sums[key] = values if known is None else [one + other for one, other in zip(known, values, strict=True)]
        return sorted(sums.items(), key=lambda row: (-row[1][0], row[0]))


def failure(status: int, message: str) -> Answer:
    return Answer.json({"error": {"code": status, "message": message, "status": STATUSES.get(status, "INTERNAL")}}, status)


def quota_failure(retry_delay: str = "") -> Answer:
    """429, with the seconds to wait in the body where given, such as "30s"."""
    message = "Exhausted property tokens per hour. These quota tokens will return in under an hour."
    error: dict[str, Any] = {"code": 429, "message": message, "status": "RESOURCE_EXHAUSTED"}
    if retry_delay:
        error["details"] = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": retry_delay}]
    return Answer.json({"error": error}, 429)


def _body(request: Request, identity: str) -> dict[str, Any]:
    try:
        body = json.loads(request.body or b"{}")
    except ValueError:
        raise RefusalError(400, "Invalid JSON payload received.") from None
    if not isinstance(body, dict):
        raise RefusalError(400, "Invalid JSON payload received.")
    unknown = sorted(set(body) - SERVED - NOT_SERVED)
    if unknown:
        raise RefusalError(400, f'Invalid JSON payload received. Unknown name "{unknown[0]}": Cannot find field.')
    if body.get("property", f"properties/{identity}") != f"properties/{identity}":
        raise RefusalError(400, "The property of the address and that of the body differ.")
    if set(body) & NOT_SERVED:
        raise RefusalError(400, f"{', '.join(sorted(set(body) & NOT_SERVED))} is not simulated.")
    return body


def _query(body: Mapping[str, Any], as_of: date) -> _Query:
    dimensions, metrics = (tuple(str(part.get("name")) for part in body.get(name, ())) for name in ("dimensions", "metrics"))
    for kind, names, known in (("dimension", dimensions, set(DIMENSIONS)), ("metric", metrics, set(METRICS))):
        for name in names:
            if name not in known:
                raise RefusalError(400, f"Field {name} is not a valid {kind}. For a list of valid dimensions and metrics, see the schema.")
    if not metrics or len(dimensions) > 9 or len(metrics) > 10:
        raise RefusalError(400, "A report needs from 1 to 10 metrics and at most 9 dimensions.")
    orders = tuple(str(part.get("dimension", {}).get("dimensionName")) for part in body.get("orderBys", ()))
    if not set(orders) <= set(dimensions):
        raise RefusalError(400, "Only orders by dimensions of the report are simulated.")
    query = _Query(*_date_range(body, as_of), dimensions, metrics, orders)
    if query.is_by_page and ({*dimensions} & set(OF_SESSIONS) or {*metrics} & OF_SESSIONS_ONLY):
        raise RefusalError(400, "Please remove some dimensions or metrics to make the request compatible.")
    return query


def _date_range(body: Mapping[str, Any], as_of: date) -> tuple[date, date]:
    ranges = body.get("dateRanges", [])
    if len(ranges) != 1:
        raise RefusalError(400, "Exactly one date range is simulated.")
    since, until = (_day(str(ranges[0].get(name, "")), as_of) for name in ("startDate", "endDate"))
    if since > until:
        raise RefusalError(400, f"Invalid dateRange: endDate {until} is before startDate {since}.")
    return since, until


def _day(text: str, as_of: date) -> date:
    relative = {"today": 0, "yesterday": 1}.get(text)
    match = re.fullmatch(r"([0-9]+)daysAgo", text)
    if match or relative is not None:
        return as_of - timedelta(days=int(match[1]) if match else relative or 0)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise RefusalError(400, f"Invalid date: {text!r}. Dates are YYYY-MM-DD, NdaysAgo, yesterday or today.") from None


def _whole(body: Mapping[str, Any], name: str, default: int) -> int:
    """64-bit integers are text in JSON; numbers are read, too."""
    text = str(body.get(name, default))
    if not text.isdigit():
        raise RefusalError(400, f"Invalid value at '{name}' (TYPE_INT64), {text!r}.")
    return int(text)


def _shown(row: tuple[tuple[str, ...], list[int | Decimal]]) -> dict[str, list[dict[str, str]]]:
    dimensions, metrics = row
    shown: dict[str, list[dict[str, str]]] = {"dimensionValues": [{"value": value} for value in dimensions]} if dimensions else {}
    return shown | {"metricValues": [{"value": _text(value)} for value in metrics]}


def _text(value: int | Decimal) -> str:
    """As short as can be: 12, 12.5."""
    return str(value) if isinstance(value, int) or value % 1 else str(int(value))


def _quota(rows: int) -> dict[str, Any]:
    consumed = 5 + rows // 500
    return {
        "tokensPerDay": {"consumed": consumed, "remaining": TOKENS_PER_DAY - consumed},
        "tokensPerHour": {"consumed": consumed, "remaining": TOKENS_PER_HOUR - consumed},
        "concurrentRequests": {"remaining": 10},
        "serverErrorsPerProjectPerHour": {"remaining": 10},
    }


def _metadata(identity: str) -> dict[str, Any]:
    return {
        "name": f"properties/{identity}/metadata",
        "dimensions": [{"apiName": name, "uiName": name} for name in DIMENSIONS],
        "metrics": [{"apiName": name, "uiName": name, "type": kind} for name, (kind, _) in METRICS.items()],
    }


def _summary(ledger: Ledger) -> dict[str, Any]:
    business = ledger.business
    account = business.accounts.google_analytics_account
    summary = {
        "property": f"properties/{business.accounts.google_analytics}",
        "displayName": f"{business.name} - GA4",
        "propertyType": "PROPERTY_TYPE_ORDINARY",
        "parent": f"accounts/{account}",
    }
    return {
        "name": f"accountSummaries/{account}",
        "account": f"accounts/{account}",
        "displayName": business.name,
        "propertySummaries": [summary],
    }


def _property(ledger: Ledger) -> dict[str, Any]:
    business = ledger.business
    opened = f"{ledger.story.opened_on}T09:00:00Z"
    return {
        "name": f"properties/{business.accounts.google_analytics}",
        "parent": f"accounts/{business.accounts.google_analytics_account}",
        "account": f"accounts/{business.accounts.google_analytics_account}",
        "propertyType": "PROPERTY_TYPE_ORDINARY",
        "displayName": f"{business.name} - GA4",
        "timeZone": business.zone,
        "currencyCode": business.currency,
        "serviceLevel": "GOOGLE_ANALYTICS_STANDARD",
        "createTime": opened,
        "updateTime": opened,
    }
