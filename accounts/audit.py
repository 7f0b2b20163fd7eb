"""The record of who changed what. A change and its line are one transaction; a line is never edited, but for the name of a
client that is deleted without a trace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import reduce
from operator import or_
from typing import Any
from zoneinfo import ZoneInfo

from allauth.account.adapter import get_adapter
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import get_language, gettext, pgettext
from django.utils.translation import gettext_noop as _

from accounts import moments
from accounts.models import Agency, ApiToken, AuditEvent, Client, Organisation, Role, Scope, User, owner_fields

# What follows the name of whoever did it.
SENTENCES = {
    "agency.created": _("created the agency %(name)s"),
    "agency.changed": _("changed the agency: %(changes)s"),
    "client.created": _("created the client %(client)s"),
    "client.changed": _("changed the client: %(changes)s"),
    "client.closed": _("closed the client %(client)s; it will be deleted on %(until)s"),
    "client.reopened": _("reopened the client %(client)s"),
    "client.deleted": _("deleted the client %(client)s and everything of it"),
    "client.exported": _("exported everything of the client %(client)s"),
    "client.restored": _("created the client %(client)s from an export"),
    "client.viewed_as": _("looked at the pages of %(client)s as its viewers see them"),
    "client.view_left": _("went back to their own view of %(client)s"),
    "client.set_up_dismissed": _("put away the set-up list of %(client)s"),
    "client.set_up_shown": _("had the set-up list of %(client)s shown again"),
    "label.saved": _("saved the label “%(name)s”"),
    "label.removed": _("removed the label “%(name)s”"),
    "member.added": _("gave %(person)s the role %(role)s"),
    "member.invited": _("invited %(person)s as %(role)s"),
    "member.joined": _("joined as %(role)s"),
    "member.changed": _("changed the role of %(person)s from %(before)s to %(role)s"),
    "member.assigned": _("gave %(person)s these clients: %(clients)s"),
    "member.removed": _("removed %(person)s, %(role)s"),
    "member.left": _("left; was %(role)s"),
    "invitation.withdrawn": _("withdrew the invitation of %(person)s"),
    "token.made": _("made the API token “%(name)s” (…%(ending)s, %(scope)s)"),
    "token.revoked": _("revoked the API token “%(name)s” (…%(ending)s)"),
    "consent.given": _("gave the permission to read %(platform)s"),
    "connection.made": _("connected %(account)s of %(platform)s"),
    "connection.found_again": _("connected %(account)s of %(platform)s again"),
    "connection.left": _("disconnected %(account)s of %(platform)s"),
    "connection.resumed": _("took up the disconnected %(account)s of %(platform)s again"),
    "connection.loss_taken": _("had an answer of %(account)s (%(platform)s) with fewer rows stored, for %(since)s to %(until)s"),
    "connection.loss_ignored": _("kept what was stored of %(account)s (%(platform)s) against a newer answer, for %(since)s to %(until)s"),
    "connection.conversions_chosen": _("chose what counts as a conversion of %(account)s (%(platform)s): %(names)s"),
    "system_of_record.chosen": _("chose whose word counts for %(subject)s: %(source)s"),
    "choice.made": _("changed how figures are made: %(changes)s"),
    "choice.made_from": _("changed how figures are made, for the days from %(since)s on: %(changes)s"),
    "note.written": _("wrote a note for the report of %(period)s"),
    "note.removed": _("removed a note for the report of %(period)s"),
    "note.restored": _("took back the removal of a note for the report of %(period)s"),
    "targets.set": _("set targets, “%(name)s”: %(number)s values"),
    "annotation.written": _("wrote down what happened from %(since)s to %(until)s"),
    "annotation.changed": _("changed what was written down of %(since)s to %(until)s"),
    "annotation.removed": _("removed what was written down of %(since)s to %(until)s"),
    "annotation.restored": _("took back the removal of what was written down of %(since)s to %(until)s"),
    "question.asked": _("asked about %(kpi)s"),
    "question.answered": _("answered the question of %(person)s about %(kpi)s"),
    "question.closed": _("closed the question of %(person)s about %(kpi)s"),
    "question.reopened": _("reopened the question of %(person)s about %(kpi)s"),
    "import.stored": _("imported the file %(file)s: %(rows)s rows"),
    "import.undone": _("undid the import of the file %(file)s"),
    "suppression.lifted": _("had reports sent to %(address)s again"),
    "share.made": _("made a link to the report %(period)s"),
    "share.revoked": _("revoked a link to the report %(period)s"),
    "schedule.started": _("started the reports %(cadence)s again"),
    "schedule.made": _("scheduled the reports “%(name)s”"),
    "schedule.changed": _("changed the schedule of the reports “%(name)s”: %(fields)s"),
    "schedule.removed": _("removed the schedule of the reports “%(name)s”"),
    "schedule.restored": _("took back the removal of the reports “%(name)s”"),
    "report.asked_for": _("had the report %(period)s sent now"),
    "report.tested": _("had the report %(period)s sent to %(address)s as a test"),
    "report.resent": _("had the report %(period)s sent again to %(address)s"),
    "report.received": _("noted that the report %(period)s was received by %(address)s"),
    "report.approved": _("approved the report %(period)s"),
    "report.declined": _("declined the report %(period)s"),
    "report.prepared_anew": _("had the report %(period)s prepared anew"),
    "password.changed": _("changed their password"),
    "password.reset": _("chose a new password by mail"),
    "email.changed": _("changed their e-mail address from %(before)s to %(after)s"),
    "second_factor.added": _("turned two-step verification on"),
    "second_factor.removed": _("turned two-step verification off"),
    "recovery_codes.made": _("made new recovery codes"),
    "passkey.added": _("added a passkey"),
    "passkey.removed": _("removed a passkey"),
    "session.ended": _("ended one of their sessions"),
    "session.others_ended": _("ended their other sessions"),
    "person.erased": _("erased a person from the data"),
    "person.told_apart": _("told apart two people who had been taken for one"),
    "mapping.rules_changed": _("changed the rules of channels; there are %(number)s now"),
    "mapping.alias_given": _("said that “%(called)s” is the campaign “%(campaign)s”"),
    "mapping.alias_taken_back": _("took back that “%(called)s” is the campaign “%(campaign)s”"),
    "mapping.label_given": _("gave the label “%(label)s” to the campaigns %(campaigns)s"),
    "mapping.label_removed": _("took the label “%(label)s” from the campaigns %(campaigns)s"),
    "webhook.made": _("has %(host)s told of %(events)s"),
    "webhook.changed": _("changed what %(host)s is told: %(events)s"),
    "webhook.secret_changed": _("changed the secret that signs what %(host)s is told"),
    "webhook.started": _("has %(host)s told again"),
    "webhook.stopped": _("stopped telling %(host)s, which did not answer"),
    "webhook.removed": _("removed %(host)s from what is told"),
}
# Fields whose change is told.
FIELDS = {
    "name": _("Name"),
    "slug": _("Short name"),
    "host": _("Own address"),
    "language": _("Language"),
    "currency": _("Currency"),
    "timezone": _("Time zone"),
    "primary_colour": _("Colour"),
    "accent_colour": _("Second colour"),
    "reply_to": _("Reply address"),
    "sender_name": _("Sender’s name"),
    "sender_address": _("Sender’s address"),
    "footer": _("Footer"),
    "logo": _("Logo"),
    "requires_second_factor": _("Two-step verification required"),
    "mql_rule": _("Rule for marketing-qualified leads"),
    "sql_rule": _("Rule for sales-qualified leads"),
    "margin": _("Margin"),
    "tax_basis": _("Tax in revenue"),
    "sales_costs": _("Costs of sales"),
    "ignored_costs": _("Costs that do not count"),
    "engagement_parts": _("What counts as an engagement"),
    "activity_window": _("Days without an order after which a customer is lost"),
    "retention_mode": _("How retention is counted"),
    "repeat_revenue": _("What counts as revenue of recurring customers"),
    "lifetime_months": _("Months that a customer stays"),
    "week_start": _("First day of the week"),
    "fiscal_start": _("First month of the fiscal year"),
}
# Details that are slugs, to be shown as their names.
NAMES: dict[str, Any] = {"role": Role, "before": Role, "scope": Scope}
SUBJECTS = {"leads": _("Leads"), "customers": _("Customers"), "revenue": _("Revenue")}
# By field: how the apps above tell values of theirs, in the reader's language.
TELLERS: dict[str, Callable[[Any], str]] = {}
# Stands for the name of a client that is no more.
STRUCK = "…"
# Kinds of change, to look for one: a name, and the part of the verb before its point.
KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "team": (_("Team"), ("member", "invitation")),
    "clients": (_("Client and agency"), ("client", "agency", "label")),
    "connections": (_("Connections"), ("consent", "connection", "system_of_record")),
    "mapping": (_("Channels and campaigns"), ("mapping",)),
    "imports": (_("Imports"), ("import",)),
    "reports": (_("Reports"), ("schedule", "report", "note", "suppression", "share")),
    "choices": (_("How figures are made"), ("choice",)),
    "targets": (_("Targets"), ("targets",)),
    "told": (_("Annotations and questions"), ("annotation", "question")),
    "tokens": (_("API tokens and webhooks"), ("token", "webhook")),
    "data": (_("Data"), ("person",)),
    "sign-in": (_("Sign-in"), ("password", "email", "second_factor", "recovery_codes", "passkey", "session")),
}
PAGE = 50


@dataclass(frozen=True)
class Actor:
    """Who does something: a person, a program by its token, or nobody's hand but this service's."""

    label: str
    user: User | None = None
    address: str | None = None

    @classmethod
    def of(cls, request: HttpRequest) -> Actor:
        """Whoever sent the request, and from which address."""
        address = get_adapter().get_client_ip(request)
        token: ApiToken | None = getattr(request, "token", None)
        if token:
            return cls(f"API: {token}", None, address)
        user = request.user if isinstance(request.user, User) else None
        return cls(user.email if user else "?", user, address)


# A command on the server, and work that falls due by itself.
OPERATOR = Actor("operator")
SERVICE = Actor("service")


def record(verb: str, by: Actor, *, organisation: Organisation | None = None, **details: object) -> None:
    """Write one line, in the caller's transaction. Without an organisation it is about a person's own sign-in.

    `details` are the words of the verb's sentence in `SENTENCES`: text, numbers, or lists of them; never a secret.
    """
    _check(verb, details)
    owner = owner_fields(organisation) if organisation else {}
    AuditEvent.objects.create(verb=verb, actor=by.user, actor_label=by.label, address=by.address, details=details, **owner)


def events_of(organisation: Organisation) -> QuerySet[AuditEvent]:
    """What happened to the organisation, newest first: to an agency's clients too, and to its people's sign-in since they joined."""
    member = organisation.memberships.filter(user=OuterRef("actor"), created_at__lte=OuterRef("at"))
    parts = [Q(**owner_fields(organisation)), Q(Exists(member), agency=None, client=None)]
    if isinstance(organisation, Agency):
        parts.append(Q(client__agency=organisation))
    return AuditEvent.objects.filter(reduce(or_, parts)).select_related("client").order_by("-at", "-pk")


def chosen(events: QuerySet[AuditEvent], kind: str = "", actor: str = "") -> QuerySet[AuditEvent]:
    """Those of one of `KINDS`, and by one person or program; all, if neither is given."""
    if kind in KINDS:
        events = events.filter(reduce(or_, (Q(verb__startswith=f"{noun}.") for noun in KINDS[kind][1])))
    return events.filter(actor_label=actor) if actor else events


def of_days(events: QuerySet[AuditEvent], since: date | None, until: date | None, zone: ZoneInfo) -> QuerySet[AuditEvent]:
    """Those from the day `since` on and up to the day `until`, as `zone` counts days."""
    if since:
        events = events.filter(at__gte=datetime.combine(since, time.min, zone))
    if until and until < date.max:
        events = events.filter(at__lt=datetime.combine(until + timedelta(days=1), time.min, zone))
    return events


def page(events: QuerySet[AuditEvent], before: int = 0) -> tuple[list[AuditEvent], int]:
    """The next `PAGE` events after the one called `before`, the newest first if there is none such; and what to call the page after, or 0.

    Lines come in meanwhile: counted pages would show some of them twice.
    """
    if last := events.filter(pk=before).first():
        events = events.filter(Q(at__lt=last.at) | Q(at=last.at, pk__lt=last.pk))
    found = list(events[: PAGE + 1])
    return found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else 0


def actors(events: QuerySet[AuditEvent]) -> list[str]:
    """Everybody who did something, by name."""
    return list(events.order_by("actor_label").values_list("actor_label", flat=True).distinct())


def called(actor_label: str) -> str:
    """What to call whoever did something, in the reader's language."""
    nobody = {OPERATOR.label: _("The operator"), SERVICE.label: _("This service")}
    return gettext(nobody[actor_label]) if actor_label in nobody else actor_label


def sentence(event: AuditEvent) -> str:
    """What was done, in the reader's language, to follow the name of whoever did it."""
    words = {name: _shown(name, value) for name, value in event.details.items()}
    return gettext(SENTENCES[event.verb]) % words


def forget_name(client: Client) -> None:
    """Strike the name of a client that is deleted from agencies’ lines about who may see which clients."""
    lines = AuditEvent.objects.filter(details__client_ids__contains=client.pk).select_for_update()
    for line in lines:
        ids, names = line.details["client_ids"], line.details["clients"]
        line.details["clients"] = [STRUCK if pk == client.pk else name for pk, name in zip(ids, names, strict=True)]
        line.details["client_ids"] = [0 if pk == client.pk else pk for pk in ids]
        line.save(update_fields=["details"])


def _shown(name: str, value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_told(part) if isinstance(part, dict) else str(part) for part in value) or "–"
    if name in {"since", "until"}:
        return moments.day(date.fromisoformat(value), (get_language() or "en")[:2])
    if name == "kpi":
        return gettext(value)
    if name == "subject":
        return gettext(SUBJECTS[value])
    kind = NAMES.get(name)
    return str(kind(value).label) if kind and value in kind else str(value)


def _told(change: dict[str, Any]) -> str:
    """One field's change: "Name: before → after"."""
    tell = TELLERS.get(change["field"], _value)
    before, after = (tell(change[when]) for when in ("before", "after"))
    return f"{gettext(FIELDS[change['field']])}{pgettext('after a label', ': ')}{before} → {after}"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    return str(value) if value else "–"


def _check(verb: str, details: dict[str, object]) -> None:
    """A line that cannot be told is found when it is written, not when it is read."""
    SENTENCES[verb] % details
