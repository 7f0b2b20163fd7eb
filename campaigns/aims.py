"""Targets and budgets as a person sets them, month by month: kept as one import, which can be taken back as one.

What is set here is the newest word on its cell: what other files said of the same cell goes. Targets of campaigns, and cells
that nobody touched, stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.audit import Actor
from accounts.models import Client
from campaigns import origins
from campaigns.imports.kinds import DEFAULT_ACCOUNT
from campaigns.models import Budget, Connection, Origin, Pull, Target, Upload
from campaigns.records import FILE_SOURCE, Record
from campaigns.records import Budget as BudgetRecord
from campaigns.records import Origin as OriginRecord
from campaigns.records import Target as TargetRecord
from campaigns.spool import Spool
from campaigns.streams import Window
from campaigns.sync import store
from campaigns.writer import be_the_only_writer

TARGETS, BUDGETS = "targets", "budgets"
# What a budget is a target of.
SPENT = "spend"
# The kind of an upload that a person wrote on a page.
KIND = "targets"


@dataclass(frozen=True, order=True)
class Cell:
    """A KPI in the month that begins on `month`: of a channel, by its slug, or "" of the whole company."""

    kpi: str
    channel: str
    month: date


@dataclass(frozen=True)
class Aim:
    """Billionths of the KPI's unit; `currency` "" where it is no money."""

    value_nano: int
    currency: str = ""


def keep(client: Client, wanted: Mapping[Cell, Aim | None], called: str, by: Actor) -> Upload | None:
    """Set these cells, empty those that are None, and leave all others; in the client's open schema, in one transaction.

    `called`: what the change is called in the history. None where nothing was asked for.
    """
    if not wanted:
        return None
    with transaction.atomic():
        be_the_only_writer(client)
        months = [cell.month for cell in wanted]
        nothing: Mapping[Cell, Aim | None] = dict.fromkeys(wanted)
        upload = Upload.objects.create(kind=KIND, file_name=called, size=0, state=Upload.State.STORED, made_by=by.label)
        own, _ = Connection.objects.get_or_create(
            source=FILE_SOURCE,
            account=DEFAULT_ACCOUNT,
            defaults={"currency": client.currency, "timezone": client.timezone, "name": DEFAULT_ACCOUNT},
        )
        pulls = [
            pull
            for family in (TARGETS, BUDGETS)
            for source in _sources(family, own)
            for pull in _store(client, source, family, (min(months), max(months)), wanted if source == own else nothing, upload)
        ]
        upload.rows, upload.since, upload.until = len(wanted), min(months), max(months)
        upload.inserted = sum(pull.inserted for pull in pulls)
        upload.updated = sum(pull.updated + pull.deleted for pull in pulls)
        upload.finished_at = timezone.now()
        upload.save()
        audit.record("targets.set", by, organisation=client, name=called, number=len(wanted))
    return upload


def history(limit: int) -> list[Upload]:
    """The newest changes of targets, from pages and files."""
    kept = Upload.objects.filter(kind__in=(TARGETS, BUDGETS), state__in=(Upload.State.STORED, Upload.State.UNDONE))
    return list(kept.defer("found", "preview", "mapping", "faults").order_by("-pk")[:limit])


def _sources(family: str, own: Connection) -> list[Connection]:
    """Whoever told of the family; of targets, the client's own files in any case."""
    told = Connection.objects.filter(pulls__family=family).distinct().order_by("pk")
    return [*told.exclude(pk=own.pk), own] if family == TARGETS else list(told)


def _store(
    client: Client, source: Connection, family: str, months: tuple[date, date], wanted: Mapping[Cell, Aim | None], upload: Upload
) -> list[Pull]:
    """The same rows without those of wanted cells; these as they are wanted, in the family of targets."""
    since, until = months
    before = list(_rows(source, family, since, until))
    kept = [record for cell, record in before if cell not in wanted]
    added = [_record(cell, aim) for cell, aim in wanted.items() if aim] if family == TARGETS else []
    if len(kept) == len(before) and not added:
        return []
    with Spool() as spool:
        for record in (*kept, *added):
            spool.write(record)
        return store(client, source, spool, window=Window(family, since, until), upload=upload, accept_loss=True)


def _record(cell: Cell, aim: Aim) -> TargetRecord:
    origin = OriginRecord(channel=cell.channel)
    return TargetRecord(day=cell.month, kpi=cell.kpi, value_nano=aim.value_nano, currency=aim.currency, origin=origin)


def _rows(source: Connection, family: str, since: date, until: date) -> Iterator[tuple[Cell | None, Record]]:
    """What a connection told, each with its cell: None of a campaign."""
    if family == TARGETS:
        for target in Target.objects.filter(connection=source, day__range=(since, until)).select_related("origin"):
            said = origins.saying_of(target.origin)
            record = TargetRecord(day=target.day, kpi=target.kpi, value_nano=target.value_nano, currency=target.currency, origin=said)
            yield _cell(target.kpi, target.day, target.origin), record
        return
    for budget in Budget.objects.filter(connection=source, day__range=(since, until)).select_related("origin"):
        said = origins.saying_of(budget.origin)
        yield (
            _cell(SPENT, budget.day, budget.origin),
            BudgetRecord(day=budget.day, amount_nano=budget.amount_nano, currency=budget.currency, origin=said),
        )


def _cell(kpi: str, day: date, origin: Origin) -> Cell | None:
    if any((origin.group, origin.source, origin.medium, origin.campaign_name, origin.campaign_ref)):
        return None
    return Cell(kpi, origin.stated, day)
