"""A consent is shared by every process that reads with it, and renewed by one of them."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from accounts import vault
from accounts.models import Credential
from accounts.services import keep_credential
from campaigns.connectors.base import LostAccess, Passing
from campaigns.connectors.oauth import Secret
from campaigns.consents import StoredGrant
from tests.conftest import Cast
from tests.threads import PATIENCE, in_thread, someone_waits, until

OLD = {"access_token": "old", "refresh_token": "r1"}


def stored(credential: Credential) -> Secret:
    credential.refresh_from_db()
    return vault.unseal(credential)


def test_two_workers_with_a_stale_token_spend_the_refresh_token_once(own_database: str, cast: Cast) -> None:
    credential = keep_credential("hubspot", OLD, client=cast.client)
    asked: list[Secret] = []
    asking, answer = threading.Event(), threading.Event()

    def renew(stale: Secret) -> Secret:
        asked.append(stale)
        asking.set()
        assert answer.wait(PATIENCE)
        return {"access_token": "new", "refresh_token": f"r{len(asked) + 1}"}

    def work() -> Secret:
        grant = StoredGrant(credential.pk)
        return grant.renewed(OLD, renew)

    first = in_thread(work)
    assert asking.wait(PATIENCE)
    second = in_thread(work)
    until(someone_waits)
    answer.set()
    expected = {"access_token": "new", "refresh_token": "r2"}
    assert first.result(PATIENCE) == second.result(PATIENCE) == expected
    assert asked == [OLD]
    assert stored(credential) == expected


def test_a_renewed_secret_is_kept_sealed(own_database: str, cast: Cast) -> None:
    credential = keep_credential("hubspot", OLD, client=cast.client)
    StoredGrant(credential.pk).renewed(OLD, lambda _stale: {"access_token": "canary-token"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT sealed FROM accounts_credential WHERE id = %s", [credential.pk])
        assert b"canary-token" not in bytes(cursor.fetchone()[0])
    assert stored(credential) == {"access_token": "canary-token"}


@pytest.mark.django_db
@pytest.mark.parametrize("failure", [LostAccess("gone"), Passing("later")])
def test_a_renewal_that_fails_leaves_what_was_kept(cast: Cast, failure: Exception) -> None:
    credential = keep_credential("hubspot", OLD, client=cast.client)

    def renew(stale: Secret) -> Secret:
        raise failure

    with pytest.raises(type(failure)):
        StoredGrant(credential.pk).renewed(OLD, renew)
    assert stored(credential) == OLD


@pytest.mark.django_db
def test_a_consent_that_was_removed_asks_for_a_reconnect(cast: Cast) -> None:
    grant = StoredGrant(keep_credential("hubspot", OLD, client=cast.client).pk)
    Credential.objects.all().delete()
    with pytest.raises(LostAccess, match="reconnect"):
        grant.renewed(OLD, lambda stale: stale)
    with pytest.raises(LostAccess, match="reconnect"):
        StoredGrant(grant.credential_id)
