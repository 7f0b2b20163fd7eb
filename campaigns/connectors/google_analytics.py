"""Google Analytics 4: sessions by landing page and origin, and views by page, over the Data API; properties over the Admin API."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, TypeVar

import httpx
import msgspec

from campaigns.channels import gettext_noop as _
from campaigns.connectors.answers import Answers, duration, page_of
from campaigns.connectors.base import Account, Connector, Replaces, Stream
from campaigns.connectors.errors import Failure, LostAccess, Passing, UnexpectedAnswer
from campaigns.connectors.http import Http, pages, told
from campaigns.connectors.oauth import AccessToken, Consent, Grant
from campaigns.records import LandingDay, Origin, PageDay, Record, millionths, nano

TITLE = "Google Analytics"
PAGE = 100_000
# Properties that are asked for at once; Google serves ten requests of one person a second and more.
AT_ONCE = 8
HOUR = 3600.0
LOST = _("Google Analytics no longer lets us read this property. Ask for access to it again, or reconnect.")
NO_PROPERTY = _("Google Analytics knows no property with this number. It may have been deleted; please choose the property again.")
NO_SCOPE = _("The permission to read Google Analytics was not given. Please reconnect and leave the box ticked.")
NO_API = _("Google Analytics is not switched on for this installation's Google project. Whoever runs it must enable both of its APIs.")
REASONS = {"ACCESS_TOKEN_SCOPE_INSUFFICIENT": NO_SCOPE, "SERVICE_DISABLED": NO_API, "API_DISABLED": NO_API}
QUOTA_REASONS = frozenset({"RATE_LIMIT_EXCEEDED", "rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"})
answers = Answers(TITLE)
R = TypeVar("R", LandingDay, PageDay)
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Report:
    """What is asked for; each row of the answer has a text for every dimension and metric, in this order."""

    dimensions: tuple[str, ...]
    metrics: tuple[str, ...]


SITE = _Report(
    ("date", "landingPagePlusQueryString", "sessionDefaultChannelGroup", "sessionSource", "sessionMedium", "sessionCampaignName"),
    ("sessions", "engagedSessions", "userEngagementDuration", "screenPageViews", "keyEvents", "totalRevenue"),
)
PAGES = _Report(("date", "pagePath"), ("screenPageViews", "userEngagementDuration"))


class GoogleAnalytics(Connector):
    """One property. Settings: `base_url`, `admin_url`, `version` and those of OAuth.

    Google works on a day for two days, and moves credit for key events for twelve. Rows called "(not set)" and "(other)" are
    kept: they are sessions, of a page or an origin that Google does not tell. Query strings lose what only tracks people.
    """

    source = "google_analytics"
    title = TITLE
    streams = (
        Stream("site", Replaces.WINDOW, settle_days=12),
        Stream("pages", Replaces.WINDOW, settle_days=4),
    )
    consent = Consent(("https://www.googleapis.com/auth/analytics.readonly",), {"access_type": "offline", "prompt": "consent"})

    def fetch(self, stream: Stream, since: date, until: date) -> Iterator[Record]:
        """See `Connector.fetch`. Rows that differ in nothing but what is left out of a query string come as one."""
        for day, rows in self._days(SITE if stream.family == "site" else PAGES, since, until):
            if stream.family == "site":
                yield from _together((self._landing(day, row) for row in rows), lambda row: (row.page, row.origin))
            else:
                yield from _together((self._page(day, row) for row in rows), lambda row: row.page)

    @classmethod
    def accounts(cls, settings: Mapping[str, str], grant: Grant, http: Http) -> list[Account]:
        ask = _Ask(settings, grant, http)

        def read(cursor: str) -> tuple[_Summaries, str]:
            params = {"pageSize": "200"} | ({"pageToken": cursor} if cursor else {})
            page = answers.shaped(ask("GET", f"{settings['admin_url']}/{settings['version']}/accountSummaries", params=params), _Summaries)
            return page, page.next_page_token

        summaries = [one for page in pages(read) for account in page.account_summaries for one in account.property_summaries]
        # Currency and zone are told of one property at a time; an agency has hundreds.
        with ThreadPoolExecutor(AT_ONCE) as threads:
            found = list(threads.map(lambda one: _account(ask, settings, one), summaries))
        return sorted(found, key=lambda account: (account.name.casefold(), account.external_id))

    def _days(self, report: _Report, since: date, until: date) -> Iterator[tuple[date, list[tuple[str, ...]]]]:
        """The report's rows by day, one day in memory at a time."""
        day, rows = None, dict[tuple[str, ...], tuple[str, ...]]()
        for row in self._rows(report, since, until):
            on = _day(row[0], since, until)
            if day and on != day:
                if on < day:
                    raise answers.unexpected("date", row[0], "asked for the days in their order")
                yield day, list(rows.values())
                rows = {}
            day, key = on, row[: len(report.dimensions)]
            if key in rows:
                raise answers.unexpected("dimensionValues", list(key), "twice")
            rows[key] = row
        if day:
            yield day, list(rows.values())

    def _rows(self, report: _Report, since: date, until: date) -> Iterator[tuple[str, ...]]:
        ask = _Ask(self.settings, self.grant, self.http)
        url = f"{self.settings['base_url']}/{self.settings['version']}/properties/{_number(self.account.external_id)}:runReport"
        asked = _request(report, since, until)
        read = 0

        def page(cursor: str) -> tuple[_Answer, str]:
            answer = answers.shaped(ask("POST", url, json=asked | {"offset": cursor or "0"}), _Answer)
            reached = int(cursor or 0) + len(answer.rows)
            return answer, str(reached) if answer.rows and reached < answer.row_count else ""

        total = None
        for answer in pages(page):
            self._check(report, answer, since, until, is_first=total is None)
            if total not in (None, answer.row_count):
                raise Passing(f"{TITLE} changed its figures while they were read.")
            total = answer.row_count
            read += len(answer.rows)
            yield from (_texts(report, row) for row in answer.rows)
        if read != total:
            raise answers.unexpected("rowCount", total, f"{read} rows came")

    def _check(self, report: _Report, answer: _Answer, since: date, until: date, *, is_first: bool) -> None:
        """That the columns, the currency and the days are those we mean; what Google warns of goes to the log."""
        columns = tuple(header.name for header in (*answer.dimension_headers, *answer.metric_headers))
        if answer.rows and columns != (*report.dimensions, *report.metrics):
            raise answers.unexpected("dimensionHeaders, metricHeaders", list(columns))
        about = answer.metadata
        if about.currency_code and about.currency_code != self.account.currency:
            raise answers.unexpected("metadata.currencyCode", about.currency_code, f"the property is in {self.account.currency}")
        if about.time_zone and about.time_zone != self.account.timezone:
            raise answers.unexpected("metadata.timeZone", about.time_zone, f"the property's days are those of {self.account.timezone}")
        warnings = [name for name in ("subject_to_thresholding", "data_loss_from_other_row", "sampling_metadatas") if getattr(about, name)]
        if warnings and is_first:
            logger.warning("%s property %s, %s to %s: %s.", TITLE, self.account.external_id, since, until, ", ".join(warnings))

    def _landing(self, day: date, row: tuple[str, ...]) -> LandingDay:
        _date, page, group, source, medium, campaign, sessions, engaged, seconds, views, conversions, revenue = row
        return LandingDay(
            day=day,
            page=page_of(page),
            origin=Origin(group=group, source=source, medium=medium, campaign=campaign),
            sessions=answers.count("sessions", sessions),
            engaged_sessions=answers.count("engagedSessions", engaged),
            pageviews=answers.count("screenPageViews", views),
            engagement_seconds=answers.exact("userEngagementDuration", seconds, _whole),
            conversions_millionths=answers.exact("keyEvents", conversions, millionths),
            # Refunds may exceed what a page sold on a day.
            revenue_nano=answers.signed("totalRevenue", revenue, nano),
        )

    def _page(self, day: date, row: tuple[str, ...]) -> PageDay:
        _date, page, views, seconds = row
        return PageDay(
            day=day,
            page=page_of(page),
            views=answers.count("screenPageViews", views),
            seconds=answers.exact("userEngagementDuration", seconds, _whole),
            basis="ga4",
        )


class _Ask:
    def __init__(self, settings: Mapping[str, str], grant: Grant, http: Http) -> None:
        self._token = AccessToken(settings, grant, http)
        self._http = http

    def __call__(self, method: str, url: str, **options: Any) -> Any:
        return self._http.request_json(method, url, auth=self._token, explain=_explain, retry_delay=_retry_delay, **options)


class _Header(msgspec.Struct, frozen=True):
    name: str


class _Value(msgspec.Struct, frozen=True):
    value: str = ""


class _Row(msgspec.Struct, frozen=True, rename="camel"):
    dimension_values: list[_Value] = []
    metric_values: list[_Value] = []


class _Metadata(msgspec.Struct, frozen=True, rename="camel"):
    currency_code: str = ""
    time_zone: str = ""
    subject_to_thresholding: bool = False
    data_loss_from_other_row: bool = False
    sampling_metadatas: list[Any] = []


class _Answer(msgspec.Struct, frozen=True, rename="camel"):
    dimension_headers: list[_Header] = []
    metric_headers: list[_Header] = []
    rows: list[_Row] = []
    row_count: int = 0
    metadata: _Metadata = _Metadata()


class _PropertySummary(msgspec.Struct, frozen=True, rename="camel"):
    property: str
    display_name: str = ""


class _AccountSummary(msgspec.Struct, frozen=True, rename="camel"):
    property_summaries: list[_PropertySummary] = []


class _Summaries(msgspec.Struct, frozen=True, rename="camel"):
    account_summaries: list[_AccountSummary] = []
    next_page_token: str = ""


class _Property(msgspec.Struct, frozen=True, rename="camel"):
    time_zone: str
    currency_code: str = ""
    display_name: str = ""


def _request(report: _Report, since: date, until: date) -> dict[str, Any]:
    return {
        "dateRanges": [{"startDate": since.isoformat(), "endDate": until.isoformat()}],
        "dimensions": [{"name": name} for name in report.dimensions],
        "metrics": [{"name": name} for name in report.metrics],
        # Without an order of every dimension pages need not be parts of one list.
        "orderBys": [{"dimension": {"dimensionName": name}} for name in report.dimensions],
        "limit": str(PAGE),
        "keepEmptyRows": False,
        "returnPropertyQuota": True,
    }


def _texts(report: _Report, row: _Row) -> tuple[str, ...]:
    if len(row.dimension_values) != len(report.dimensions) or len(row.metric_values) != len(report.metrics):
        raise answers.unexpected("rows", len(row.dimension_values) + len(row.metric_values), "another number of columns than asked for")
    return tuple(value.value for value in (*row.dimension_values, *row.metric_values))


def _day(text: str, since: date, until: date) -> date:
    """A day written as 20261120."""
    if not re.fullmatch(r"\d{8}", text, re.ASCII):
        raise answers.unexpected("date", text)
    return answers.within("date", answers.day("date", f"{text[:4]}-{text[4:6]}-{text[6:]}"), since, until)


def _whole(seconds: Decimal) -> int:
    return int(seconds.to_integral_value(ROUND_HALF_UP))


def _together(rows: Iterable[R], key_of: Callable[[R], Hashable]) -> Iterable[R]:
    found: dict[Hashable, R] = {}
    for row in rows:
        key = key_of(row)
        found[key] = _merged(found[key], row) if key in found else row
    return found.values()


def _merged(one: R, other: R) -> R:
    """Two rows of one page: every figure they have is a sum."""
    names = [field.name for field in msgspec.structs.fields(one) if isinstance(getattr(one, field.name), int)]
    return msgspec.structs.replace(one, **{name: getattr(one, name) + getattr(other, name) for name in names})


def _account(ask: _Ask, settings: Mapping[str, str], summary: _PropertySummary) -> Account:
    number = _number(summary.property.removeprefix("properties/"))
    known = answers.shaped(ask("GET", f"{settings['admin_url']}/{settings['version']}/properties/{number}"), _Property)
    return Account(number, summary.display_name or known.display_name or number, known.currency_code, known.time_zone)


def _number(shown: str) -> str:
    if not re.fullmatch(r"[0-9]{1,15}", shown):
        raise LostAccess(NO_PROPERTY)
    return shown


class _Detail(msgspec.Struct, frozen=True, rename="camel"):
    reason: str = ""
    retry_delay: str = ""


class _Status(msgspec.Struct, frozen=True):
    message: str = ""
    status: str = ""
    details: list[_Detail] = []
    errors: list[_Detail] = []


class _Envelope(msgspec.Struct, frozen=True):
    error: _Status


def _explain(response: httpx.Response) -> Failure | None:
    envelope = told(response, _Envelope)
    if envelope is None or response.status_code >= 500:
        return None
    said = envelope.error
    reasons = {detail.reason for detail in (*said.details, *said.errors)} - {""}
    logger.warning("%s answered %d: %s %s.", TITLE, response.status_code, said.status, ", ".join(sorted(reasons)))
    if response.status_code == 429 or reasons & QUOTA_REASONS:
        return Passing(f"{TITLE} has no quota left for now: {said.message:.200}")
    for reason in reasons & REASONS.keys():
        return LostAccess(REASONS[reason])
    if response.status_code == 404:
        return LostAccess(NO_PROPERTY)
    if response.status_code in (401, 403):
        return LostAccess(LOST)
    return UnexpectedAnswer(f"{TITLE} refused the request: {said.status}: {said.message:.300}")


def _retry_delay(response: httpx.Response) -> float | None:
    """Seconds that Google asks for, such as "30s"; else those after which the quota that its message names is refilled."""
    envelope = told(response, _Envelope) if response.status_code in (403, 429) else None
    if envelope is None:
        return None
    asked = [delay for detail in envelope.error.details if (delay := duration(detail.retry_delay)) is not None]
    if asked:
        return asked[0]
    message = envelope.error.message.lower()
    return 6 * HOUR if "per day" in message else HOUR if "per hour" in message else None
