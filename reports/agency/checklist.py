"""What a client needs before its figures can be trusted and its reports leave: six steps, each done when its data says so, or settled
by a person who finds it right as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.audit import Actor
from accounts.models import Client
from reports.models import SetUp

# Inside the client's schema, in one go: what people decided, what is done, and an account whose conversions are asked about.
_DONE = """
    SELECT kept.dismissed_at IS NOT NULL,
        ARRAY(SELECT jsonb_array_elements_text(coalesce(kept.settled, '[]'))),
        ARRAY_REMOVE(ARRAY[
            CASE WHEN EXISTS (SELECT FROM campaigns_connection WHERE state <> 'disconnected' AND (credential_id IS NOT NULL OR EXISTS (
                SELECT FROM campaigns_loadedspan AS told WHERE told.connection_id = campaigns_connection.id
                AND told.family NOT IN ('targets', 'budgets')))) THEN 'accounts' END,
            CASE WHEN EXISTS (SELECT FROM kpis_choice WHERE name = 'tax_basis') THEN 'tax' END,
            CASE WHEN EXISTS (SELECT FROM campaigns_conversionaction WHERE counts IS NOT NULL) THEN 'conversions' END,
            CASE WHEN EXISTS (SELECT FROM kpis_choice WHERE name = 'mql_rule') THEN 'mql' END,
            CASE WHEN EXISTS (SELECT FROM campaigns_target WHERE day >= %(month)s) THEN 'targets' END,
            CASE WHEN EXISTS (SELECT FROM reports_recipient AS recipient JOIN reports_schedule AS schedule
                ON schedule.id = recipient.schedule_id WHERE schedule.client_id = %(client)s AND recipient.unsubscribed_at IS NULL)
                THEN 'recipients' END], NULL),
        (SELECT min(connection_id) FROM campaigns_conversionaction)
    FROM (SELECT 1) AS one LEFT JOIN reports_setup AS kept ON kept.client_id = %(client)s
"""


@dataclass(frozen=True)
class Kind:
    """`page`: the name of where it is settled, with what its address names besides the client; `permission`: to open that."""

    name: str
    page: str
    args: tuple[str, ...]
    permission: str
    title: Callable[[], str]
    why: Callable[[], str]


KINDS = (
    Kind(
        "accounts", "connections", (), "connection.view",
        lambda: _("Connect its accounts"), lambda: _("Or import its files: without data there is no figure."),
    ),
    Kind(
        "tax", "settings_choice", ("tax_basis",), "choice.manage",
        lambda: _("Say whether revenue is with or without tax"), lambda: _("Without, until you say otherwise."),
    ),
    Kind(
        "conversions", "connections", (), "connection.view",
        lambda: _("Choose which conversions count"), lambda: _("As each ad platform counts, until you choose."),
    ),
    Kind(
        "mql", "settings_choice", ("mql_rule",), "choice.manage",
        lambda: _("Say when a lead is marketing-qualified"), lambda: _("As the CRM says, until you give a rule."),
    ),
    Kind(
        "targets", "targets", (), "client.view",
        lambda: _("Set this month’s targets"), lambda: _("So that figures can be judged, and a month off its pace is seen."),
    ),
    Kind(
        "recipients", "schedules", (), "schedule.view",
        lambda: _("Say who gets the reports, and when"), lambda: _("Nothing is sent until then."),
    ),
)  # fmt: skip
STEPS = frozenset(kind.name for kind in KINDS)


@dataclass(frozen=True)
class Step:
    """`url` is "" for who may not open the page. `is_settled`: a person said that it is right as it is."""

    name: str
    title: str
    why: str
    url: str
    is_done: bool
    is_settled: bool


@dataclass(frozen=True)
class Checklist:
    steps: tuple[Step, ...]
    is_dismissed: bool

    @property
    def done(self) -> int:
        return sum(step.is_done or step.is_settled for step in self.steps)

    @property
    def is_open(self) -> bool:
        """Whether it is still to be shown."""
        return not self.is_dismissed and self.done < len(self.steps)


def of(client: Client, permissions: frozenset[str]) -> Checklist:
    """Of the client whose schema is open, for who has these permissions. One query."""
    today = timezone.now().astimezone(client.zone).date()
    with connection.cursor() as cursor:
        cursor.execute(_DONE, {"client": client.pk, "month": today.replace(day=1)})
        [(is_dismissed, settled, done, ads)] = cursor.fetchall()
    return Checklist(tuple(_step(kind, client, permissions, settled, done, ads) for kind in KINDS), is_dismissed)


def _step(kind: Kind, client: Client, permissions: frozenset[str], settled: list[str], done: list[str], ads: int | None) -> Step:
    url = ""
    if kind.permission in permissions:
        is_of_account = kind.name == "conversions" and ads
        url = reverse("connection", args=[client.slug, ads]) if is_of_account else reverse(kind.page, args=[client.slug, *kind.args])
    return Step(kind.name, kind.title(), kind.why(), url, kind.name in done, kind.name in settled)


def settle(client: Client, step: str, *, is_right: bool) -> None:
    """Take a step as it is, or take that back."""
    with transaction.atomic():
        kept, _created = SetUp.objects.select_for_update().get_or_create(client=client)
        kept.settled = sorted({*kept.settled, step} if is_right else {*kept.settled} - {step})
        kept.save(update_fields=["settled"])


def dismiss(client: Client, by: Actor, *, is_over: bool) -> None:
    """Show the list no more, or again."""
    with transaction.atomic():
        SetUp.objects.update_or_create(client=client, defaults={"dismissed_at": timezone.now() if is_over else None})
        audit.record("client.set_up_dismissed" if is_over else "client.set_up_shown", by, organisation=client, client=client.name)
