"""Pull an account from its platform: fetch to disk first, then store in one short transaction."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from accounts import vault
from accounts.models import Client, Credential
from campaigns import loaded
from campaigns.connectors import connector_for
from campaigns.connectors.base import Account, Connector, LostAccess, UnexpectedAnswer
from campaigns.connectors.http import Http
from campaigns.models import Connection, Pull
from campaigns.spool import Spool
from campaigns.streams import Conflict, Window
from campaigns.sync import Suspect, store
from jobs import queue

KIND = "campaigns.pull"
BACKFILL_DAYS = 180
# Local hour of the daily pull: the platforms have closed the day before, and reports are not yet due.
DAILY_HOUR = 4


class Refused(Exception):
    """The pull stopped and trying again cannot help; the message tells a person why. Recorded on the connection."""


def schedule(client: Client, source: Connection, *, run_at: datetime | None = None, since: date | None = None) -> int:
    """Ask for a pull of `source`, now or at `run_at`: of the days the platform may still change, or of all from `since`.

    A pull of more days is a job of its own, which no daily pull joins and cuts short.
    """
    arguments: dict[str, object] = {"connection_id": source.pk}
    key = str(source.pk)
    if since:
        arguments["since"] = since.isoformat()
        key = f"{source.pk} since {since}"
    return queue.enqueue(KIND, client_id=client.pk, key=key, arguments=arguments, run_at=run_at)


def next_daily_pull(source: Connection, now: datetime) -> datetime:
    """The next early morning in the account's zone."""
    local = now.astimezone(ZoneInfo(source.timezone))
    morning = local.replace(hour=DAILY_HOUR, minute=0, second=0, microsecond=0)
    return morning if morning > local else morning + timedelta(days=1)


def window_of(source: Connection, connector: type[Connector], since: date | None, now: datetime) -> Window:
    """From `since`, or from the first day that is missing or may still change, to yesterday in the account's zone."""
    yesterday = now.astimezone(ZoneInfo(source.timezone)).date() - timedelta(days=1)
    if since is None:
        earliest = yesterday - timedelta(days=BACKFILL_DAYS - 1)
        settling = yesterday - timedelta(days=connector.settle_days - 1)
        since = min(settling, loaded.first_gap(source, connector.family, earliest))
    return Window(connector.family, min(since, yesterday), yesterday)


def pull(
    client: Client,
    source: Connection,
    effect: Callable[[], AbstractContextManager[None]],
    *,
    since: date | None = None,
    now: datetime | None = None,
) -> Pull:
    """Read one account and store what it says. Inside the client's schema.

    `effect` opens the transaction of the job that asks. Raises `Refused` when a person must act (and records why on the
    connection), or the connector's `Passing` error, which is worth another attempt.
    """
    connector_class = connector_for(source.source)
    window = window_of(source, connector_class, since, now or timezone.now())
    try:
        _refuse_other_currency(client, source)
        with Spool() as spool, Http() as http:
            connector = connector_class(_account(source), settings.PLATFORMS[source.source], _secret(source), http)
            for record in connector.fetch(window.since, window.until):
                spool.write(record)
            with effect():
                [stored] = store(client, source, spool, window=window)
                _set_state(source, Connection.State.ACTIVE, "")
                return stored
    except (LostAccess, vault.Unreadable) as error:
        return _refuse(effect, source, connector_class, window, Connection.State.LOST_ACCESS, Pull.State.FAILED, str(error))
    except (Suspect, Conflict, UnexpectedAnswer) as error:
        return _refuse(effect, source, connector_class, window, Connection.State.SUSPECT, Pull.State.SUSPECT, str(error))


def _refuse_other_currency(client: Client, source: Connection) -> None:
    if source.currency != client.currency:
        raise UnexpectedAnswer(f"the account is in {source.currency}, the client in {client.currency}; there is no exchange rate")


def _refuse(
    effect: Callable[[], AbstractContextManager[None]],
    source: Connection,
    connector: type[Connector],
    window: Window,
    state: str,
    pull_state: str,
    problem: str,
) -> Pull:
    """Record why nothing was stored, both or neither, and only while the job is still this worker's."""
    with effect():
        Pull.objects.create(
            connection=source, family=connector.family, since=window.since, until=window.until, state=pull_state, problem=problem
        )
        _set_state(source, state, problem)
    raise Refused(f"{source}: {problem}")


def _set_state(source: Connection, state: str, problem: str) -> None:
    Connection.objects.filter(pk=source.pk).update(state=state, problem=problem)


def _account(source: Connection) -> Account:
    return Account(source.account, source.name, source.currency, source.timezone, source.manager_id)


def _secret(source: Connection) -> dict[str, str]:
    credential = Credential.objects.filter(pk=source.credential_id or 0).first()
    if credential is None:
        raise LostAccess("The consent for this account was removed; connect it again.")
    return vault.unseal(credential)
