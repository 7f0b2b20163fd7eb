"""What happened on the days of a client, as people wrote it down: kept, changed, found for a figure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts import access, audit
from accounts.audit import Actor
from accounts.models import AGENCY_ROLES, ApiToken, Client
from kpis.periods import Period
from kpis.slices import Only
from reports.archive.models import Annotation

LONGEST = 500


@dataclass(frozen=True)
class Wish:
    """What an annotation is to say, of which days and of what part."""

    text: str
    period: Period
    channel: str = ""
    campaign: str = ""
    is_internal: bool = False


def sees_internal(client: Client, token: ApiToken | None) -> bool:
    """Whether whoever asks, a person or a program, is of the agency."""
    return token.agency_id is not None if token else bool(access.roles_in(client) & AGENCY_ROLES)


def visible(*, internal: bool) -> QuerySet[Annotation]:
    """Of the client whose schema is open; those of the agency alone only with `internal`. The newest days first."""
    found = Annotation.objects.order_by("-since", "-pk")
    return found if internal else found.filter(is_internal=False)


def of_figure(period: Period, only: Only, *, internal: bool) -> list[Annotation]:
    """What happened in `period` to what a figure is of, in the order of days."""
    found = visible(internal=internal).filter(since__lte=period.until, until__gte=period.since)
    return list(found.filter(_meets("channel", only.channels), _meets("campaign", only.campaigns)).order_by("since", "pk"))


def _meets(field: str, names: Iterable[str]) -> Q:
    """What concerns all concerns each."""
    wanted = list(names)
    return Q(**{field: ""}) | Q(**{f"{field}__in": wanted}) if wanted else Q()


def write(client: Client, wish: Wish, by: Actor) -> Annotation:
    with transaction.atomic():
        written = Annotation.objects.create(**_fields(wish), author_id=by.user.pk if by.user else None, author=by.label)
        audit.record("annotation.written", by, organisation=client, **_days(wish.period))
    written.refresh_from_db()
    return written


def change(client: Client, annotation: Annotation, wish: Wish, by: Actor) -> None:
    """Who wrote it first stays its author."""
    with transaction.atomic():
        Annotation.objects.filter(pk=annotation.pk).update(**_fields(wish))
        audit.record("annotation.changed", by, organisation=client, **_days(wish.period))


def remove(client: Client, annotation: Annotation, by: Actor) -> None:
    with transaction.atomic():
        audit.record("annotation.removed", by, organisation=client, **_days(Period(annotation.since, annotation.until)))
        Annotation.objects.filter(pk=annotation.pk).delete()


def restore(client: Client, annotation: Annotation, by: Actor) -> None:
    """Keep one that was removed as it was."""
    with transaction.atomic():
        annotation.save(force_insert=True)
        audit.record("annotation.restored", by, organisation=client, **_days(Period(annotation.since, annotation.until)))


def _fields(wish: Wish) -> dict[str, object]:
    days = {"since": wish.period.since, "until": wish.period.until}
    return {"text": wish.text, "channel": wish.channel, "campaign": wish.campaign, "is_internal": wish.is_internal, **days}


def _days(period: Period) -> dict[str, str]:
    return {"since": period.since.isoformat(), "until": period.until.isoformat()}
