"""Who runs the service changes the key of its secrets, and does away with the old one."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import audit, vault
from accounts.models import Credential, OAuthAttempt
from accounts.services import keep_credential
from reports import outgoing
from reports.models import Endpoint
from tests.accounts.test_second_factor import code, has_app, is_in, second_step
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def renew() -> str:
    said = StringIO()
    call_command("renew_secrets", stdout=said)
    return said.getvalue()


def test_the_old_key_can_go_once_all_secrets_are_renewed(cast: Cast, settings: Any) -> None:
    credential = keep_credential("google_ads", {"refresh_token": "x"}, client=cast.client)
    endpoint, secret = outgoing.make(cast.client, "https://told.example/", ["report.sent"], audit.OPERATOR)
    codes = RecoveryCodes.activate(has_app(cast.viewer)).get_unused_codes()
    newest = Fernet.generate_key()
    settings.CREDENTIAL_KEYS = [newest, *settings.CREDENTIAL_KEYS]
    assert "now: 4." in renew()
    settings.CREDENTIAL_KEYS = [newest]
    assert vault.unseal(Credential.objects.get(pk=credential.pk)) == {"refresh_token": "x"}
    signed = outgoing.headers(outgoing.test(Endpoint.objects.get(pk=endpoint.pk)), b"{}", timezone.now())
    assert signed["Vigie-Signature"] == f"v1={outgoing.signature(secret, signed['Vigie-Timestamp'], b'{}')}"
    assert is_in(second_step(cast.viewer, code()))
    assert is_in(second_step(cast.viewer, codes[0]))


def test_a_consent_on_its_way_arrives_under_the_new_key(cast: Cast, settings: Any) -> None:
    attempt = OAuthAttempt.objects.create(
        user=cast.owner,
        client=cast.client,
        platform="google_ads",
        state_digest="0" * 64,
        verifier=vault.seal({"verifier": "v"}),
        expires_at=timezone.now() + timedelta(minutes=5),
    )
    newest = Fernet.generate_key()
    settings.CREDENTIAL_KEYS = [newest, *settings.CREDENTIAL_KEYS]
    assert "now: 1." in renew()
    settings.CREDENTIAL_KEYS = [newest]
    attempt.refresh_from_db()
    assert vault.unsealed(bytes(attempt.verifier)) == {"verifier": "v"}
    assert attempt.code is None


def test_what_no_key_reads_is_named_and_the_rest_renewed(cast: Cast, settings: Any) -> None:
    lost = keep_credential("google_ads", {"refresh_token": "x"}, client=cast.client)
    settings.CREDENTIAL_KEYS = [Fernet.generate_key()]
    kept = keep_credential("hubspot", {"refresh_token": "y"}, client=cast.client)
    newest = Fernet.generate_key()
    settings.CREDENTIAL_KEYS = [newest, *settings.CREDENTIAL_KEYS]
    with pytest.raises(CommandError, match=f"reads credential {lost.pk}:"):
        renew()
    settings.CREDENTIAL_KEYS = [newest]
    assert vault.unseal(Credential.objects.get(pk=kept.pk)) == {"refresh_token": "y"}
    assert not Authenticator.objects.exists()
