"""Settings mean what they say or are refused by name, and the service says when it does not work."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.test import Client as Browser
from django.utils import timezone

from config import embedded, env, secrets
from reports import scheduling
from reports.models import Schedule
from tests.conftest import Cast

BASE_DIR = Path(__file__).parent.parent


class TestDatabase:
    def database(self, monkeypatch: pytest.MonkeyPatch, options: str) -> dict[str, object]:
        monkeypatch.setenv("SOME_URL", f"postgresql://vigie:s%40crets@db.example:5433/figures?{options}")
        return env.database("SOME_URL")

    def test_a_connection_that_must_be_encrypted_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        found = self.database(monkeypatch, "sslmode=verify-full&sslrootcert=/etc/ca.pem")
        assert found["OPTIONS"] == {"sslmode": "verify-full", "sslrootcert": "/etc/ca.pem"}
        assert (found["HOST"], found["PORT"], found["NAME"], found["PASSWORD"]) == ("db.example", "5433", "figures", "s@crets")

    def test_a_misspelt_option_is_refused_by_name(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(ImproperlyConfigured, match="SOME_URL has the unknown option ssl_mode"):
            self.database(monkeypatch, "ssl_mode=verify-full")

    @pytest.mark.parametrize("suffix", ["", "_FILE"])
    def test_an_address_of_ones_own_starts_no_server(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, suffix: str) -> None:
        for name in ("DATABASE_URL", "BROKER_URL"):
            monkeypatch.delenv(name, raising=False)
            monkeypatch.setenv(name + suffix, str(tmp_path / name))
        home = tmp_path / "home"
        with embedded.servers(home, broker=True):
            assert not home.exists()


class TestPooler:
    def settings(self, monkeypatch: pytest.MonkeyPatch, **environment: str) -> dict[str, Any]:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(Path(env.__file__).parent / "settings.py"))

    def test_is_told_to_the_database_backend(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert "TRANSACTION_POOLER" not in self.settings(monkeypatch)["DATABASES"]["default"]
        database = self.settings(monkeypatch, DATABASE_POOLER="transaction")["DATABASES"]["default"]
        assert (database["TRANSACTION_POOLER"], database["DISABLE_SERVER_SIDE_CURSORS"]) == (True, True)

    def test_of_an_unknown_kind_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(ImproperlyConfigured, match="DATABASE_POOLER is 'session'; use none or transaction"):
            self.settings(monkeypatch, DATABASE_POOLER="session")

    def test_beside_a_pool_of_ones_own_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(ImproperlyConfigured, match="one pool is enough"):
            self.settings(monkeypatch, DATABASE_POOLER="transaction", DATABASE_POOL="true")


class TestSecrets:
    @pytest.mark.parametrize("value", ["", " ", ",", " , "])
    def test_credential_keys_that_hold_no_key_are_refused(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str) -> None:
        monkeypatch.setenv("CREDENTIAL_KEYS", value)
        with pytest.raises(ImproperlyConfigured, match="CREDENTIAL_KEYS is empty"):
            secrets.fernet_keys("CREDENTIAL_KEYS", tmp_path, may_generate=True)

    def test_credential_keys_may_have_spaces_and_a_comma_too_many(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        keys = [Fernet.generate_key(), Fernet.generate_key()]
        monkeypatch.setenv("CREDENTIAL_KEYS", f"{keys[0].decode()}, {keys[1].decode()},")
        assert secrets.fernet_keys("CREDENTIAL_KEYS", tmp_path, may_generate=False) == keys


class TestTransport:
    def settings(self, tmp_path: Path, **environment: str) -> list[object]:
        """What a process with this environment has for its cookies, for https and for proxies."""
        names = [
            "SESSION_COOKIE_SECURE",
            "CSRF_COOKIE_SECURE",
            "SESSION_COOKIE_DOMAIN",
            "SECURE_SSL_REDIRECT",
            "ALLAUTH_TRUSTED_PROXY_COUNT",
        ]
        program = f"import json; from config import settings; print(json.dumps([getattr(settings, name, None) for name in {names}]))"
        secret = {"SECRET_KEY": "x" * 60, "CREDENTIAL_KEYS": Fernet.generate_key().decode(), "VIGIE_HOME": str(tmp_path)}
        command = [sys.executable, "-c", program]
        printed = subprocess.run(command, check=True, capture_output=True, cwd=BASE_DIR, env=os.environ | secret | environment)
        found: list[object] = json.loads(printed.stdout)
        return found

    def test_under_https_cookies_are_secure_and_of_one_host(self, tmp_path: Path) -> None:
        site = "https://reports.example.com"
        assert self.settings(tmp_path, SITE_URL=site) == [True, True, None, True, 1]
        assert self.settings(tmp_path, SITE_URL=site, PROXY_COUNT="2")[-1] == 2
        assert self.settings(tmp_path, SITE_URL=site, BEHIND_PROXY="false")[-1] == 0


class TestHealth:
    @pytest.mark.parametrize(("paused", "status"), [(False, 503), (True, 200)])
    def test_a_report_that_nobody_opens_turns_it_red(self, cast: Cast, paused: bool, status: int) -> None:
        schedule = scheduling.create_weekly(cast.client, {"ana@lumen.example": "fr"})
        browser = Browser(SERVER_NAME="localhost")
        assert browser.get("/healthz").status_code == 200
        Schedule.objects.filter(pk=schedule.pk).update(next_run_at=timezone.now() - timedelta(minutes=6), paused=paused)
        answer = browser.get("/healthz")
        assert answer.status_code == status
        assert ("1 reports are more than 5 minutes overdue" in str(answer.json()["problems"])) is not paused

    def test_an_agencys_host_tells_no_counts_of_others(self, cast: Cast) -> None:
        type(cast.client).objects.filter(pk=cast.client.pk).update(schema_state="older")
        assert "1 clients' tables" in Browser(SERVER_NAME="localhost").get("/healthz").json()["problems"][0]
        answer = Browser(SERVER_NAME="reports.sud.example").get("/healthz")
        assert (answer.status_code, answer.json()) == (503, {"status": "failing"})
