"""HubSpot: contacts, deals and their pipeline, by list and by search, and the sign-in whose tokens last half an hour."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from campaigns.simulators import Answer, PlatformSimulator, Request
from campaigns.simulators.business import Business, Ledger
from campaigns.simulators.business.figures import Contact, Deal, Touch
from campaigns.simulators.business.people import (
    CUSTOMER,
    DEAL_LOST,
    DEAL_OFFER,
    DEAL_OPEN,
    DEAL_WON,
    LEAD,
    MQL,
    OPPORTUNITY,
    SQL,
    SUBSCRIBER,
)
from campaigns.simulators.consent import Consent, InvalidGrantError
from campaigns.simulators.paging import length, page
from campaigns.simulators.tokens import ExpiredTokenError, RevokedTokenError, UnknownTokenError, bearer

VERSION = "2026-09"
CLIENT_ID = "simulated-hubspot-client"
CLIENT_SECRET = "simulated-hubspot-secret"
SCOPES = ("crm.objects.contacts.read", "crm.objects.deals.read", "oauth")
LARGEST_LIST, LARGEST_LIST_WITH_HISTORY, LARGEST_SEARCH = 100, 50, 200
SEARCH_LIMIT = 10_000
# Named by every answer but those of a search.
LIMITS = {"X-HubSpot-RateLimit-Max": "110", "X-HubSpot-RateLimit-Remaining": "109", "X-HubSpot-RateLimit-Interval-Milliseconds": "10000"}
LIST_PARAMS = {"after", "archived", "associations", "limit", "properties", "propertiesWithHistory"}
SEARCH_KEYS = {"after", "filterGroups", "limit", "properties", "query", "sorts"}
STAGES = (SUBSCRIBER, LEAD, MQL, SQL, OPPORTUNITY, CUSTOMER)
DEAL_STAGES = {DEAL_OPEN: ("Qualified", 0.2), DEAL_OFFER: ("Offer sent", 0.6), DEAL_WON: ("Won", 1.0), DEAL_LOST: ("Lost", 0.0)}
DEFAULTS = {
    "contacts": ("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"),
    "deals": ("amount", "closedate", "createdate", "dealname", "dealstage", "hs_lastmodifieddate", "hs_object_id", "pipeline"),
}
ALWAYS = {"contacts": ("createdate", "hs_object_id", "lastmodifieddate"), "deals": ("createdate", "hs_lastmodifieddate", "hs_object_id")}
SOURCES = {
    "paid_search": "PAID_SEARCH",
    "display": "OTHER_CAMPAIGNS",
    "video": "OTHER_CAMPAIGNS",
    "affiliation": "OTHER_CAMPAIGNS",
    "organic_search": "ORGANIC_SEARCH",
    "organic_social": "SOCIAL_MEDIA",
    "email": "EMAIL_MARKETING",
    "referral": "REFERRALS",
    "direct": "DIRECT_TRAFFIC",
}
Record = Contact | Deal
Properties = dict[str, str | None]
COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "EQ": lambda value, wanted: value == wanted,
    "NEQ": lambda value, wanted: value != wanted,
    "GT": lambda value, wanted: value > wanted,
    "GTE": lambda value, wanted: value >= wanted,
    "LT": lambda value, wanted: value < wanted,
    "LTE": lambda value, wanted: value <= wanted,
}


class RefusalError(Exception):
    """A request that HubSpot answers with its error envelope."""

    def __init__(self, status: int, category: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.category = category


class HubSpotSimulator(PlatformSimulator):
    """Serves the portal of every business. Tests may set `search_limit`, after which a search gives no more."""

    source = "hubspot"
    largest_page = LARGEST_SEARCH
    lifetime = 1800.0

    def __init__(self, ledgers: Mapping[str, Ledger], as_of: Callable[[], date]) -> None:
        super().__init__(ledgers, as_of)
        self.consent = Consent("HubSpot", CLIENT_ID, self.users)
        self.search_limit = SEARCH_LIMIT
        self._records: dict[tuple[str, str, date], tuple[list[Record], list[Record]]] = {}
        self._found: dict[tuple[str, str, date, str], list[Record]] = {}

    def settings(self, url: str) -> dict[str, str]:
        return {
            "base_url": url,
            "authorize_url": f"{url}/oauth/authorize",
            "token_url": f"{url}/oauth/v1/token",
            "version": VERSION,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
        }

    def secret(self, user: str = "") -> dict[str, str]:
        return {"refresh_token": self.tokens.refresh_token(user or next(iter(self.users)))}

    def answer(self, request: Request) -> Answer:
        if request.path == "/oauth/authorize" and request.method in ("GET", "POST"):
            return self.consent.answer(request)
        if request.path == "/oauth/v1/token" and request.method == "POST":
            return self._token(dict(parse_qsl(request.body.decode())))
        try:
            answer = Answer.json(self._answer(request))
        except RefusalError as refused:
            return failure(refused.status, refused.category, str(refused))
        is_search = request.path.endswith("/search")
        limits = {
            "X-HubSpot-RateLimit-Max": "110",
            "X-HubSpot-RateLimit-Remaining": "109",
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
        }
        return answer if is_search else answer.with_headers(limits)

    def _token(self, form: dict[str, str]) -> Answer:
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return _refused("BAD_CLIENT_ID", "missing or unknown client id")
        try:
            if form.get("grant_type") == "refresh_token":
                user = self.tokens.renewing(form.get("refresh_token", ""))
            elif form.get("grant_type") == "authorization_code":
                user, _ = self.consent.redeem(form)
                self.tokens.allow(user)
            else:
                return _refused("BAD_GRANT_TYPE", "missing or unknown grant type")
        except InvalidGrantError as refused:
            return _refused("BAD_AUTH_CODE", str(refused))
        except (UnknownTokenError, RevokedTokenError):
            return _refused("BAD_REFRESH_TOKEN", "missing or invalid refresh token")
        return Answer.json(
            {
                "token_type": "bearer",
                "refresh_token": self.tokens.refresh_token(user),
                "access_token": self.tokens.give(user),
                "expires_in": int(self.lifetime),
            }
        )

    def _answer(self, request: Request) -> dict[str, Any]:
        match = re.fullmatch(r"/oauth/v1/access-tokens/([^/]+)", request.path)
        if match and request.method == "GET":
            return self._described(match[1])
        ledger = self.ledgers[self._user(bearer(request.headers.get("authorization", "")))]
        if request.path == f"/account-info/{VERSION}/details" and request.method == "GET":
            return _portal(ledger.business)
        match = re.fullmatch(rf"/crm/(objects|pipelines)/{VERSION}/(\w+)(/search)?", request.path)
        if not match or request.method != ("POST" if match[3] else "GET"):
            raise RefusalError(404, "OBJECT_NOT_FOUND", f"There is nothing at {request.method} {request.path}.")
        area, kind, search = match.groups()
        if kind not in DEFAULTS or (area == "pipelines" and (kind != "deals" or search)):
            raise RefusalError(403, "MISSING_SCOPES", f"This app hasn't been granted all required scopes to read {kind}.")
        if area == "pipelines":
            return {"results": [_pipeline(ledger)]}
        return self._search(ledger, kind, _body(request)) if search else self._list(ledger, kind, request.query)

    def _user(self, token: str) -> str:
        try:
            return self.tokens.holder(token)
        except (UnknownTokenError, RevokedTokenError):
            raise RefusalError(401, "INVALID_AUTHENTICATION", "Authentication credentials not found or not valid.") from None
        except ExpiredTokenError:
            raise RefusalError(401, "EXPIRED_AUTHENTICATION", "The OAuth token used to make this call expired 1 second(s) ago.") from None

    def _described(self, token: str) -> dict[str, Any]:
        """Whose token it is and what it may read."""
        try:
            business = self.ledgers[self.tokens.holder(token)].business
        except (UnknownTokenError, RevokedTokenError, ExpiredTokenError):
            raise RefusalError(404, "OBJECT_NOT_FOUND", "This access token does not exist or has expired.") from None
        return {
            "token": token,
            "hub_id": int(business.accounts.hubspot),
            "hub_domain": business.domain,
            "user": f"admin@{business.domain}",
            "scopes": list(SCOPES),
            "token_type": "access",
            "expires_in": int(self.lifetime),
        }

    # --------------------------------------------------------------------------------------------------- records
    def records(self, ledger: Ledger, kind: str, *, archived: bool = False) -> list[Record]:
        """The records of the portal as they stand, by id: those in use or those that were archived."""
        as_of = self.as_of()
        key = ledger.business.slug, kind, as_of
        if key not in self._records:
            if len(self._records) > 8:
                self._records.clear()
            find = ledger.contacts if kind == "contacts" else ledger.deals
            found = sorted(find(ledger.story.opened_on, as_of, as_of), key=_number_of)
            self._records[key] = [row for row in found if not _archived_at(row)], [row for row in found if _archived_at(row)]
        return self._records[key][archived]

    def _list(self, ledger: Ledger, kind: str, asked: Mapping[str, str]) -> dict[str, Any]:
        unknown = set(asked) - LIST_PARAMS
        if unknown:
            raise RefusalError(400, "VALIDATION_ERROR", f"Unknown query parameters: {', '.join(sorted(unknown))}")
        history = _names(asked.get("propertiesWithHistory", ""))
        largest = LARGEST_LIST_WITH_HISTORY if history else LARGEST_LIST
        size = min(_limit(asked.get("limit", "10"), largest), self.page_size)
        rows = self.records(ledger, kind, archived=asked.get("archived") == "true")
        offset = self._after_id(rows, asked["after"]) if "after" in asked else 0
        shown = page(rows, offset, size, self.overlap)
        properties, associations = _names(asked.get("properties", "")), _names(asked.get("associations", ""))
        related = self._related(ledger, kind) if associations else {}
        results = [_shown(ledger.business, kind, row, properties, history, related) for row in shown]
        answer: dict[str, Any] = {"results": results}
        if shown and offset + size < length(rows, offset, self.overlap):
            answer["paging"] = {"next": {"after": shown[-1].id, "link": f"?after={shown[-1].id}"}}
        return answer

    def _after_id(self, rows: list[Record], after: str) -> int:
        if not after.isdigit():
            raise RefusalError(400, "VALIDATION_ERROR", f"Invalid paging cursor: {after!r}")
        return bisect_right(rows, int(after), key=_number_of)

    def _related(self, ledger: Ledger, kind: str) -> dict[str, list[str]]:
        """The deals of each contact, or the contact of each deal."""
        related: dict[str, list[str]] = {}
        for deal in self.records(ledger, "deals"):
            assert isinstance(deal, Deal)
            one, other = (deal.contact_id, deal.id) if kind == "contacts" else (deal.id, deal.contact_id)
            related.setdefault(one, []).append(other)
        return related

    def _search(self, ledger: Ledger, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        size = min(_limit(str(body.get("limit", 10)), LARGEST_SEARCH), self.page_size)
        after = str(body.get("after", "") or "0")
        if not after.isdigit():
            raise RefusalError(400, "VALIDATION_ERROR", f"Invalid paging cursor: {after!r}")
        offset = int(after)
        if offset + size > self.search_limit:
            raise RefusalError(400, "VALIDATION_ERROR", f"A search gives at most {self.search_limit} results; narrow it down.")
        rows = self._matching(ledger, kind, body)
        shown = page(rows, offset, size, self.overlap)
        results = [_shown(ledger.business, kind, row, tuple(body.get("properties", ())), (), {}) for row in shown]
        answer: dict[str, Any] = {"total": length(rows, offset, self.overlap), "results": results}
        if offset + size < answer["total"]:
            answer["paging"] = {"next": {"after": str(offset + size)}}
        return answer

    def _matching(self, ledger: Ledger, kind: str, body: dict[str, Any]) -> list[Record]:
        asked = json.dumps({name: body.get(name) for name in ("filterGroups", "sorts")}, sort_keys=True)
        key = ledger.business.slug, kind, self.as_of(), asked
        if key not in self._found:
            if len(self._found) > 8:
                self._found.clear()
            self._found[key] = self._searched(ledger, kind, body.get("filterGroups") or [], body.get("sorts") or [])
        found = self._found[key]
        if self.shuffled and not body.get("sorts"):
            return sorted(found, key=lambda row: sha256(row.id.encode()).digest())
        return found

    def _searched(self, ledger: Ledger, kind: str, groups: list[Any], sorts: list[Any]) -> list[Record]:
        """Records that pass all filters of any group; a search knows no archived ones."""
        business, known = ledger.business, PROPERTIES[kind]
        for name in [entry["propertyName"] for group in groups for entry in group["filters"]] + [str(sort).lstrip("-") for sort in sorts]:
            if name not in known:
                raise RefusalError(400, "VALIDATION_ERROR", f"Property '{name}' does not exist.")
        found = [
            row
            for row in self.records(ledger, kind)
            if not groups or any(all(_passes(business, kind, row, f) for f in group["filters"]) for group in groups)
        ]
        for sort in reversed(sorts):
            read = known[str(sort).lstrip("-")]
            found.sort(key=lambda row: _sortable(read(business, row)), reverse=str(sort).startswith("-"))
        return found


def failure(status: int, category: str, message: str) -> Answer:
    correlation = str(UUID(sha256(message.encode()).hexdigest()[:32]))
    return Answer.json({"status": "error", "message": message, "correlationId": correlation, "category": category}, status)


def rate_limit(policy: str = "SECONDLY", retry_after: str = "") -> Answer:
    """429 by the policy SECONDLY, TEN_SECONDLY_ROLLING or DAILY, with the seconds to wait in a header where given."""
    body = {
        "status": "error",
        "message": f"You have reached your {policy.lower()} limit.",
        "errorType": "RATE_LIMIT",
        "category": "RATE_LIMITS",
        "correlationId": str(UUID(sha256(policy.encode()).hexdigest()[:32])),
        "policyName": policy,
    }
    return Answer.json(body, 429).with_headers({"Retry-After": retry_after} if retry_after else {})


def _refused(status: str, message: str) -> Answer:
    correlation = str(UUID(sha256(message.encode()).hexdigest()[:32]))
    return Answer.json({"status": status, "message": message, "correlationId": correlation}, 400)


def _limit(text: str, largest: int) -> int:
    if not text.isdigit() or not 1 <= int(text) <= largest:
        raise RefusalError(400, "VALIDATION_ERROR", f"limit must be between 1 and {largest}, not {text}")
    return int(text)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.split(",") if name)


def _body(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(request.body)
    except ValueError:
        raise RefusalError(400, "VALIDATION_ERROR", "Invalid input JSON.") from None
    if not isinstance(body, dict) or not set(body) <= SEARCH_KEYS:
        raise RefusalError(400, "VALIDATION_ERROR", "Invalid input JSON: unknown fields.")
    for group in body.get("filterGroups") or []:
        for entry in group.get("filters") or [{}]:
            if not isinstance(entry.get("propertyName"), str) or not isinstance(entry.get("operator"), str):
                raise RefusalError(400, "VALIDATION_ERROR", "A filter needs a propertyName and an operator.")
    return body


# -------------------------------------------------------------------------------------------------------- properties
# The same few instants are shown and compared page after page.
@lru_cache(maxsize=200_000)
def _iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _moment(at: datetime | None) -> str | None:
    return _iso(at) if at else None


def _bool(value: bool) -> str:
    return "true" if value else "false"


def _number_of(row: Record) -> int:
    return int(row.id)


def _archived_at(row: Record) -> datetime | None:
    return row.archived_at if isinstance(row, Contact) else None


def _became(stage: str) -> Callable[[Business, Any], str | None]:
    """When a contact first became this; gone once it has moved back to before it."""

    def read(_: Business, contact: Contact) -> str | None:
        is_ahead = STAGES.index(stage) > STAGES.index(contact.stage)
        return None if is_ahead else _moment(contact.entered(stage))

    return read


def _entered(stage: str) -> Callable[[Business, Any], str | None]:
    """When a record last entered this stage, whatever came after."""
    return lambda _, row: _moment(next((at for name, at in reversed(row.history) if name == stage), None))


def _source(touch: Touch, business: Business, page_path: str) -> tuple[str, str | None, str | None]:
    """The original source and its two drill-downs."""
    source = SOURCES.get(touch.channel, "OFFLINE")
    details: dict[str, tuple[str | None, str | None]] = {
        "PAID_SEARCH": (touch.campaign, "Unknown keywords"),
        "OTHER_CAMPAIGNS": (touch.campaign, f"{touch.source} / {touch.medium}"),
        "ORGANIC_SEARCH": ("Unknown keywords (SSL)", touch.source.upper()),
        "SOCIAL_MEDIA": (touch.source.upper(), None),
        "EMAIL_MARKETING": (touch.campaign, touch.source),
        "REFERRALS": (touch.source, None),
        "DIRECT_TRAFFIC": (f"{business.domain}{page_path}", None),
    }
    return source, *details.get(source, ("CONTACTS", None))


def _first_url(business: Business, contact: Contact) -> str:
    touch = contact.touch
    if touch.click_id:
        return f"https://{business.domain}{contact.landing_page}?gclid={touch.click_id}"
    if touch.campaign:
        campaign = touch.campaign.replace(" ", "%20")
        tags = f"utm_source={touch.source}&utm_medium={touch.medium}&utm_campaign={campaign}"
        return f"https://{business.domain}{contact.landing_page}?{tags}"
    return f"https://{business.domain}{contact.landing_page}"


Read = Callable[[Business, Any], str | None]
CONTACT: dict[str, Read] = {
    "hs_object_id": lambda _, row: row.id,
    "createdate": lambda _, row: _iso(row.created_at),
    "lastmodifieddate": lambda _, row: _iso(row.modified_at),
    "email": lambda _, row: row.email or None,
    "firstname": lambda _, row: row.first_name,
    "lastname": lambda _, row: row.last_name,
    "company": lambda _, row: row.company or None,
    "lifecyclestage": lambda _, row: row.stage,
    "hs_lead_status": lambda _, row: "UNQUALIFIED" if row.is_unqualified else None,
    "hubspotscore": lambda _, row: str(row.score),
    "hs_analytics_source": lambda business, row: _source(row.touch, business, row.landing_page)[0],
    "hs_analytics_source_data_1": lambda business, row: _source(row.touch, business, row.landing_page)[1],
    "hs_analytics_source_data_2": lambda business, row: _source(row.touch, business, row.landing_page)[2],
    "hs_latest_source": lambda business, row: _source(row.touch, business, row.landing_page)[0],
    "hs_analytics_first_url": _first_url,
    "hs_google_click_id": lambda _, row: row.touch.click_id or None,
    "hs_merged_object_ids": lambda _, row: ";".join(row.merged_ids) or None,
    "newsletter": lambda _, row: _bool(row.has_newsletter),
    **{f"hs_lifecyclestage_{stage}_date": _became(stage) for stage in STAGES},
    **{f"hs_v2_date_entered_{stage}": _entered(stage) for stage in STAGES},
}
DEAL: dict[str, Read] = {
    "hs_object_id": lambda _, row: row.id,
    "createdate": lambda _, row: _iso(row.created_at),
    "hs_lastmodifieddate": lambda _, row: _iso(row.modified_at),
    "closedate": lambda _, row: _iso(row.closes_at),
    "dealname": lambda _, row: row.name,
    "dealstage": lambda _, row: row.stage,
    "pipeline": lambda *_: "default",
    "amount": lambda _, row: str(row.amount),
    "amount_in_home_currency": lambda _, row: str(row.home_amount),
    "deal_currency_code": lambda _, row: row.currency,
    "hs_is_closed": lambda _, row: _bool(row.stage in (DEAL_WON, DEAL_LOST)),
    "hs_is_closed_won": lambda _, row: _bool(row.stage == DEAL_WON),
    "hs_analytics_source": lambda business, row: _source(row.touch, business, "/")[0],
    "hs_analytics_source_data_1": lambda business, row: _source(row.touch, business, "/")[1],
    "hs_analytics_source_data_2": lambda business, row: _source(row.touch, business, "/")[2],
    **{f"hs_date_entered_{stage}": _entered(stage) for stage in DEAL_STAGES},
    **{f"hs_v2_date_entered_{stage}": _entered(stage) for stage in DEAL_STAGES},
}
PROPERTIES: dict[str, dict[str, Read]] = {"contacts": CONTACT, "deals": DEAL}
STAGE = {"contacts": "lifecyclestage", "deals": "dealstage"}


def _shown(
    business: Business, kind: str, row: Record, properties: tuple[str, ...], history: tuple[str, ...], related: Mapping[str, list[str]]
) -> dict[str, Any]:
    """A record with the properties asked for; unknown ones are passed over in silence, as by HubSpot."""
    known = PROPERTIES[kind]
    wanted = {*properties, *history, *ALWAYS[kind]} if properties or history else DEFAULTS[kind]
    shown: dict[str, Any] = {
        "id": row.id,
        "properties": {name: known[name](business, row) for name in sorted(wanted) if name in known},
        "createdAt": _iso(row.created_at),
        "updatedAt": _iso(row.modified_at),
        "archived": bool(_archived_at(row)),
    }
    archived = _archived_at(row)
    if archived:
        shown["archivedAt"] = _iso(archived)
    if history:
        shown["propertiesWithHistory"] = {name: _history(kind, name, row, known[name](business, row)) for name in history if name in known}
    if row.id in related:
        other, relation = ("deals", "contact_to_deal") if kind == "contacts" else ("contacts", "deal_to_contact")
        shown["associations"] = {other: {"results": [{"id": found, "type": relation} for found in related[row.id]]}}
    return shown


def _history(kind: str, name: str, row: Record, value: str | None) -> list[dict[str, str]]:
    """Every value that a property has had, newest first; only stages ever change."""
    changes = row.history if name == STAGE[kind] else ((value, row.created_at),) if value is not None else ()
    return [{"value": str(given), "timestamp": _iso(at), "sourceType": "CRM_UI"} for given, at in reversed(changes)]


def _sortable(value: str | None) -> tuple[bool, float, str]:
    """Numbers by their size, text by its letters, nothing first."""
    text = value or ""
    number = float(text) if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text) else 0.0
    return value is not None, number, text


def _passes(business: Business, kind: str, row: Record, entry: Mapping[str, Any]) -> bool:
    name, sign = str(entry["propertyName"]), str(entry["operator"])
    value = PROPERTIES[kind][name](business, row)
    if sign in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        return (value is None) is (sign == "NOT_HAS_PROPERTY")
    if sign in ("IN", "NOT_IN"):
        return (value in entry.get("values", ())) == (sign == "IN")
    if value is None:
        return sign == "NEQ"
    read = _instant if re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T", value) else _number
    if sign == "BETWEEN":
        return bool(read(entry.get("value", "")) <= read(value) <= read(entry.get("highValue", "")))
    if sign not in COMPARISONS:
        raise RefusalError(400, "VALIDATION_ERROR", f"The operator {sign} is not simulated.")
    return COMPARISONS[sign](read(value), read(entry.get("value", "")))


@lru_cache(maxsize=200_000)
def _instant(text: str) -> int:
    """Milliseconds since 1970, from a property's value or a filter's."""
    if text.isdigit():
        return int(text)
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        raise RefusalError(400, "VALIDATION_ERROR", f"{text!r} is not an instant in milliseconds.") from None


def _number(text: str) -> Any:
    return float(text) if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text) else text


def _portal(business: Business) -> dict[str, Any]:
    return {
        "portalId": int(business.accounts.hubspot),
        "accountType": "STANDARD",
        "timeZone": business.zone,
        "companyCurrency": business.currency,
        "additionalCurrencies": [foreign.code.upper() for foreign in business.foreign],
        "uiDomain": "app.hubspot.example",
    }


def _pipeline(ledger: Ledger) -> dict[str, Any]:
    since = _iso(ledger.story.at(ledger.story.opened_on, 0))
    stages = [
        {
            "id": stage,
            "label": label,
            "displayOrder": order,
            "metadata": {"isClosed": _bool(stage in (DEAL_WON, DEAL_LOST)), "probability": str(probability)},
            "archived": False,
            "createdAt": since,
            "updatedAt": since,
        }
        for order, (stage, (label, probability)) in enumerate(DEAL_STAGES.items())
    ]
    return {
        "id": "default",
        "label": "Sales",
        "displayOrder": 0,
        "archived": False,
        "createdAt": since,
        "updatedAt": since,
        "stages": stages,
    }
