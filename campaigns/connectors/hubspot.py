"""HubSpot: contacts as leads with the instants of their stages, and deals, over the dated CRM API."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import msgspec

from campaigns.channels import gettext_noop as _
from campaigns.connectors.answers import Answers, page_of
from campaigns.connectors.base import Account, Connector, Replaces, Stream
from campaigns.connectors.errors import Failure, LostAccess, Passing, UnexpectedAnswer
from campaigns.connectors.http import Http, pages, told
from campaigns.connectors.oauth import ANOTHER_ACCOUNT, AccessToken, Consent, Grant
from campaigns.records import Deal, Gone, Lead, Origin, Record, nano

TITLE = "HubSpot"
SEARCH_PAGE = 200
LIST_PAGE = "100"
# The search index lags behind by up to minutes.
OVERLAP = timedelta(minutes=10)
# HubSpot shows what was deleted for this long.
ARCHIVED_DAYS = 90
SUBSCRIBER = "subscriber"
# The stages of a contact that are kept, and the properties that say when each was reached, the older one first.
REACHED = {
    stage: (f"hs_lifecyclestage_{stage}_date", f"hs_v2_date_entered_{stage}")
    for stage in (SUBSCRIBER, "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer")
}
ANALYTICS = ("hs_analytics_source", "hs_analytics_source_data_1", "hs_analytics_source_data_2")
CONTACT = (
    "createdate", "lastmodifieddate", "email", "lifecyclestage", "hubspotscore", "hs_analytics_first_url",
    "hs_merged_object_ids", *ANALYTICS,
    *(name for names in REACHED.values() for name in names),
)  # fmt: skip
DEAL = (
    "createdate",
    "hs_lastmodifieddate",
    "dealname",
    "dealstage",
    "pipeline",
    "amount",
    "deal_currency_code",
    "closedate",
    "hs_is_closed_won",
)
# Which of the two details of a source is another system's name for it, and which a campaign.
DETAILS = {
    "PAID_SEARCH": ("", "data_1"),
    "PAID_SOCIAL": ("data_1", "data_2"),
    "SOCIAL_MEDIA": ("data_1", "data_2"),
    "EMAIL_MARKETING": ("", "data_1"),
    "OTHER_CAMPAIGNS": ("data_2", "data_1"),
    "ORGANIC_SEARCH": ("data_2", ""),
    "REFERRALS": ("data_1", ""),
    "AI_REFERRALS": ("data_1", ""),
    "OFFLINE": ("data_1", ""),
}
LOST = _("HubSpot no longer accepts the permission it was connected with. Please reconnect it.")
NO_SCOPE = _("The HubSpot permission does not reach contacts and deals. Please reconnect as a user who may read both.")
NO_ACCOUNT = _("This HubSpot account was closed or its subscription lacks the CRM. Check it in HubSpot, or disconnect it here.")
LATER = 3600.0
answers = Answers(TITLE)
logger = logging.getLogger(__name__)


class HubSpot(Connector):
    """One account. Settings: `base_url`, `version` and those of OAuth; the grant may be an `access_token` that does not expire.

    Instants are bucketed in the client's zone. A contact is a lead unless it never was more than a subscriber; one that
    was, is a lead from the day it became more. Stages that HubSpot moved back keep the dates it still has for them.
    """

    source = "hubspot"
    title = TITLE
    streams = (
        Stream("leads", Replaces.KEYED, settle_days=2, backfill_days=800, chunk_days=31),
        # Who a deal is of may change without the deal being changed, and only the list of all deals tells.
        Stream("deals", Replaces.KEYED, settle_days=2, backfill_days=800, chunk_days=None),
    )
    consent = Consent(("crm.objects.contacts.read", "crm.objects.deals.read"), uses_pkce=False)

    def fetch(self, stream: Stream, since: date, until: date) -> Iterator[Record]:
        """See `Connector.fetch`. Deals are all there are, for the reason above."""
        ask = _Ask(self.settings, self.grant, self.http)
        # No address names the account: a permission for another one would fill this one with foreign people.
        if str(ask.account().portal_id) != self.account.external_id:
            raise LostAccess(ANOTHER_ACCOUNT)
        yield from self._leads(ask, since, until) if stream.family == "leads" else self._deals(ask, since, until)

    @classmethod
    def accounts(cls, settings: Mapping[str, str], grant: Grant, http: Http) -> list[Account]:
        known = _Ask(settings, grant, http).account()
        return [Account(str(known.portal_id), known.ui_domain or f"HubSpot {known.portal_id}", known.company_currency)]

    def _leads(self, ask: _Ask, since: date, until: date) -> Iterator[Lead | Gone]:
        begins, ends = self.span(since, until)
        for contact in ask.changed("contacts", "lastmodifieddate", begins - OVERLAP, ends, CONTACT):
            changed = _instant("lastmodifieddate", contact)
            if changed is None or not begins - OVERLAP <= changed < ends:
                raise answers.unexpected("lastmodifieddate", str(changed), f"asked for {begins} to {ends}")
            for merged in (contact.properties.get("hs_merged_object_ids") or "").split(";"):
                if merged and merged != contact.id:
                    yield Gone(day=self._today(), kind="lead", external_id=merged, merged_into=contact.id)
            if lead := self._lead(contact):
                yield lead
        yield from self._archived(ask, "contacts", "lead", since, until)

    def _lead(self, contact: _Object) -> Lead | None:
        reached = {stage: _first(names, contact) for stage, names in REACHED.items()}
        further = [at for stage, at in reached.items() if at and stage != SUBSCRIBER]
        if contact.properties.get("lifecyclestage") == SUBSCRIBER and not further:
            return None
        created = _instant("createdate", contact) or answers.instant("createdAt", contact.created_at)
        if reached[SUBSCRIBER] and further:
            created = max(created, min(further))
        email, score = contact.properties.get("email"), contact.properties.get("hubspotscore")
        return Lead(
            day=self.day_of(created),
            lead_id=contact.id,
            created_at=created,
            origin=_origin(contact),
            landing_page=page_of(contact.properties.get("hs_analytics_first_url") or ""),
            score=answers.signed("hubspotscore", score, round) if score else None,
            mql_at=reached["marketingqualifiedlead"],
            sql_at=reached["salesqualifiedlead"],
            won_at=reached["customer"],
            email_hash=self.hash_email(email) if email else "",
        )

    def _deals(self, ask: _Ask, since: date, until: date) -> Iterator[Deal | Gone]:
        pipelines = answers.shaped(ask("GET", f"/crm/pipelines/{ask.version}/deals"), _Pipelines).results
        stages = {stage.id: stage for pipeline in pipelines for stage in pipeline.stages}
        entered = [name for stage in stages for name in _entered(stage)]
        for deal in ask.all("deals", {"properties": ",".join([*DEAL, *entered]), "associations": "contacts"}):
            yield self._deal(deal, stages)
        yield from self._archived(ask, "deals", "deal", since, until)

    def _deal(self, deal: _Object, stages: Mapping[str, _Stage]) -> Deal:
        said = deal.properties
        created = _instant("createdate", deal) or answers.instant("createdAt", deal.created_at)
        stage = stages.get(said.get("dealstage") or "", _Stage(said.get("dealstage") or ""))
        closed = _instant("closedate", deal) or _first(_entered(stage.id), deal)
        is_won = stage.is_won or said.get("hs_is_closed_won") == "true"
        return Deal(
            day=self.day_of(created),
            deal_id=deal.id,
            lead_id=deal.contact_id,
            name=said.get("dealname") or "",
            created_at=created,
            stage=stage.label,
            stages={one.label: at for one in stages.values() if (at := _first(_entered(one.id), deal))},
            won_at=closed if is_won else None,
            lost_at=closed if stage.is_closed and not is_won else None,
            amount_nano=answers.signed("amount", said["amount"] or "", nano) if said.get("amount") else None,
            currency=(said.get("deal_currency_code") or self.account.currency).upper(),
        )

    def _archived(self, ask: _Ask, kind: str, called: str, since: date, until: date) -> Iterator[Gone]:
        """What was deleted on the days, of what HubSpot still shows."""
        if until < self._today() - timedelta(days=ARCHIVED_DAYS):
            return
        for one in ask.all(kind, {"archived": "true"}):
            if one.archived_at and since <= self.day_of(answers.instant("archivedAt", one.archived_at)) <= until:
                yield Gone(day=self._today(), kind=called, external_id=one.id)

    def _today(self) -> date:
        return self.day_of(self.clock())


class _Ask:
    """Asks one account; every answer is of an agreed shape."""

    def __init__(self, settings: Mapping[str, str], grant: Grant, http: Http) -> None:
        self.version = settings["version"]
        self._base = settings["base_url"]
        self._token = AccessToken(settings, grant, http)
        self._http = http

    def __call__(self, method: str, path: str, **options: Any) -> Any:
        return self._http.request_json(method, self._base + path, auth=self._token, explain=_explain, retry_delay=_retry_delay, **options)

    def account(self) -> _Details:
        return answers.shaped(self("GET", f"/account-info/{self.version}/details"), _Details)

    def all(self, kind: str, params: Mapping[str, str]) -> Iterator[_Object]:
        """Every object of the kind, in pages."""

        def read(cursor: str) -> tuple[_Objects, str]:
            asked = {**params, "limit": LIST_PAGE} | ({"after": cursor} if cursor else {})
            page = answers.shaped(self("GET", f"/crm/objects/{self.version}/{kind}", params=asked), _Objects)
            return page, page.paging.next.after if page.paging and page.paging.next else ""

        seen: set[str] = set()
        for one in (one for page in pages(read) for one in page.results):
            if one.id in seen:
                raise answers.unexpected("id", one.id, f"twice among all {kind}")
            seen.add(one.id)
            yield one

    def changed(self, kind: str, changed: str, since: datetime, until: datetime, properties: tuple[str, ...]) -> Iterator[_Object]:
        """The objects last changed from `since` to before `until`, in the order of their ids.

        Each page begins after the last id of the one before: the search ends at 10,000 results, a bulk edit gives more of them
        than that the same instant, and an object changed meanwhile would move all others up by one.
        """
        span = [_filter(changed, "GTE", _millis(since)), _filter(changed, "LT", _millis(until))]
        last = 0
        while True:
            filters = [*span, _filter("hs_object_id", "GT", str(last))]
            asked = {
                "filterGroups": [{"filters": filters}],
                "sorts": ["hs_object_id"],
                "properties": list(properties),
                "limit": SEARCH_PAGE,
            }
            page = answers.shaped(self("POST", f"/crm/objects/{self.version}/{kind}/search", json=asked), _Found)
            for one in page.results:
                if not one.id.isdecimal() or int(one.id) <= last:
                    raise answers.unexpected("id", one.id, f"asked for those after {last} in their order")
                last = int(one.id)
                yield one
            if len(page.results) == page.total:
                return
            if not page.results:
                raise answers.unexpected("total", page.total, f"none of the {kind} came")


class _Associated(msgspec.Struct, frozen=True):
    id: str


class _Associations(msgspec.Struct, frozen=True):
    results: list[_Associated] = []


class _Object(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    created_at: str
    properties: dict[str, str | None] = {}
    archived_at: str | None = None
    associations: dict[str, _Associations] = {}

    @property
    def contact_id(self) -> str:
        """The first contact it is associated with."""
        contacts = self.associations.get("contacts", _Associations()).results
        return contacts[0].id if contacts else ""


class _Next(msgspec.Struct, frozen=True):
    after: str


class _Paging(msgspec.Struct, frozen=True):
    next: _Next | None = None


class _Objects(msgspec.Struct, frozen=True):
    results: list[_Object]
    paging: _Paging | None = None


class _Found(msgspec.Struct, frozen=True):
    total: int
    results: list[_Object]


class _Stage(msgspec.Struct, frozen=True):
    id: str
    label: str = ""
    metadata: dict[str, str] = {}

    @property
    def is_closed(self) -> bool:
        return self.metadata.get("isClosed") == "true" or self.metadata.get("probability") in ("0.0", "1.0")

    @property
    def is_won(self) -> bool:
        return self.is_closed and self.metadata.get("probability") == "1.0"


class _Pipeline(msgspec.Struct, frozen=True):
    stages: list[_Stage]


class _Pipelines(msgspec.Struct, frozen=True):
    results: list[_Pipeline]


class _Details(msgspec.Struct, frozen=True, rename="camel"):
    portal_id: int
    company_currency: str = ""
    ui_domain: str = ""


def _filter(name: str, operator: str, value: str) -> dict[str, str]:
    return {"propertyName": name, "operator": operator, "value": value}


def _millis(at: datetime) -> str:
    return str(int(at.timestamp() * 1000))


def _instant(name: str, one: _Object) -> datetime | None:
    text = one.properties.get(name)
    return answers.instant(name, text) if text else None


def _first(names: tuple[str, ...], one: _Object) -> datetime | None:
    """The instant of the first property that has one."""
    return next((at for name in names if (at := _instant(name, one))), None)


def _entered(stage: str) -> tuple[str, str]:
    """The properties that say when a deal entered a stage."""
    return f"hs_date_entered_{stage}", f"hs_v2_date_entered_{stage}"


def _origin(contact: _Object) -> Origin:
    group, data_1, data_2 = (contact.properties.get(name) or "" for name in ANALYTICS)
    said = {"": "", "data_1": data_1, "data_2": data_2}
    source, campaign = DETAILS.get(group, ("", ""))
    # Of other campaigns both are told at once: "google / cpc".
    name, _slash, medium = said[source].partition(" / ")
    return Origin(group=group, source=name, medium=medium, campaign=said[campaign])


class _Said(msgspec.Struct, frozen=True, rename="camel"):
    category: str = ""
    message: str = ""
    correlation_id: str = ""
    error_type: str = ""
    policy_name: str = ""


def _explain(response: httpx.Response) -> Failure | None:
    said = told(response, _Said)
    if said is None:
        return None
    status = response.status_code
    # HubSpot's support asks for the correlation id.
    logger.warning("%s answered %d: %s, %s.", TITLE, status, said.category or said.error_type, said.correlation_id)
    if status == 429:
        return Passing(f"{TITLE} is asked too much for now: {said.policy_name or said.category or status}.")
    if status == 401:
        return LostAccess(LOST)
    if status == 403:
        return LostAccess(NO_SCOPE if said.category == "MISSING_SCOPES" else NO_ACCOUNT)
    return (
        None if status >= 500 or status == 408 else UnexpectedAnswer(f"{TITLE} refused the request: {said.category}: {said.message:.300}")
    )


def _retry_delay(response: httpx.Response) -> float | None:
    """An hour where the quota of the day is used up: HubSpot does not say when the next one begins."""
    said = told(response, _Said) if response.status_code == 429 else None
    return LATER if said and said.policy_name == "DAILY" else None
