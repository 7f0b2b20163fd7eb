"""A secret is found in nothing that is written: no log, row, mail, page, answer, archive or file; nor in what is said of a failure."""

from __future__ import annotations

import base64
import io
import json
import logging
import re
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.mfa.utils import decrypt
from django.conf import settings as ours
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client as Browser
from django.utils import timezone

from accounts import invitations, tokens, vault
from accounts.audit import Actor
from accounts.models import Client, Credential, OAuthAttempt, Role, Scope
from accounts.permissions import permissions_of
from accounts.services import keep_credential
from accounts.tenancy import inside
from campaigns import pulls
from campaigns.connectors import sources
from campaigns.models import Connection
from campaigns.simulators.business import MAISON_LUMEN
from campaigns.simulators.server import Fault, Simulator
from jobs import worker
from jobs.models import Job
from reports import outgoing, scheduling, sharing
from reports.models import Endpoint, Run, Schedule
from tests.accounts.test_sign_in import nobody
from tests.campaigns.conftest import account_of
from tests.conftest import PASSWORD, Cast, LoadText
from tests.mail_server import MailServer
from tests.reports.conftest import ADS, LEADS, ORDERS, WEEK

pytestmark = pytest.mark.django_db
SHARE_PASSWORD, WRONG_PASSWORD = "canary-share-4c1f", "canary-mistyped-9d2e"
TYPED_PASSWORD, CODE = "canary-typed-8e0b", "canary-code-of-consent-2f6d"
# The address of somebody's program opens it as a password does. It is kept, and shown to those who gave it; nowhere else.
HOOK, HOOK_SHOWN = "canary-address-51b2", ("table reports_endpoint", "get /c/lumen/webhooks/")
HOST_PASSWORD, METRICS_TOKEN, CLIENT_SECRET = "canary-mail-host-77aa", "canary-metrics-3b3b", "canary-client-secret-e5e5"
# Sessions are kept under their keys, as Django does: whoever reads that table has no need of them.
SESSIONS = ("django_session", "usersessions_usersession")


class Written:
    """Everything that came out, by where."""

    def __init__(self) -> None:
        self.found: list[tuple[str, bytes]] = []

    def add(self, where: str, what: bytes | str) -> None:
        content = what.encode("utf-8", "replace") if isinstance(what, str) else what
        self.found.append((where, content))
        if content.startswith(b"PK\x03\x04"):
            with zipfile.ZipFile(io.BytesIO(content)) as packed:
                for name in packed.namelist():
                    self.add(f"{where}/{name}", packed.read(name))

    def answer(self, browser: Browser, method: str, address: str, **options: Any) -> Any:
        """Ask, keep what comes back, and give it. Whoever is signed in gets the key of their session, as they must."""
        answer: Any = getattr(browser, method)(address, **options)
        content = b"".join(answer) if answer.streaming else answer.content
        self.add(f"{method} {address}", content + repr(sorted(answer.items())).encode())
        return answer

    def database(self) -> None:
        """Every row of every table of this database, as text."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')")
            for schema, table in cursor.fetchall():
                cursor.execute(f'SELECT row::text FROM "{schema}"."{table}" AS row')
                self.add(f"table {table}", "\n".join(str(row[0]) for row in cursor.fetchall()))

    def where(self, secret: str) -> list[str]:
        """Where a secret is, as it is, in Base64, in hexadecimal or as JSON and addresses have it."""
        plain = secret.encode()
        forms = {plain, plain.hex().encode(), base64.b64encode(plain).rstrip(b"="), secret.replace("+", "%2B").replace("/", "%2F").encode()}
        return sorted({f"{where}: …{_around(content, form)}…" for where, content in self.found for form in forms if form in content})


def _around(content: bytes, form: bytes) -> str:
    """What stands before and after it, for whoever must find out how it came there."""
    place = content.index(form)
    return content[max(0, place - 80) : place].decode(errors="replace") + "[]" + content[place + len(form) :][:40].decode(errors="replace")


@pytest.fixture
def simulator(settings: Any) -> Iterator[Simulator]:
    with Simulator() as running:
        settings.PLATFORMS = {source: running.settings(source) for source in sources()}
        yield running


@pytest.fixture
def connected(cast: Cast, simulator: Simulator) -> dict[str, str]:
    """An account of every platform, and what opens each, by name."""
    found: dict[str, str] = {}
    with inside(cast.client):
        for source in sources():
            secret = simulator.secret(source, MAISON_LUMEN.slug)
            found |= {f"{source} {name}": value for name, value in secret.items() if "token" in name or "secret" in name}
            known = ours.PLATFORMS[source]
            found |= {f"{source} {name}": known[name] for name in ("client_secret", "developer_token") if known.get(name)}
            account = account_of(source)
            Connection.objects.create(
                source=source, account=account.external_id, name=account.name, currency=account.currency,
                timezone=account.timezone or "UTC", credential_id=keep_credential(source, secret, client=cast.client).pk,
                files_until=timezone.now().date() - timedelta(days=3),
            )  # fmt: skip
    return found


def fail_in_every_way(simulator: Simulator, secrets: dict[str, str], cast: Cast) -> None:
    """Pull again and again while the platforms repeat what they were sent, in a sentence, a page, a header, and half an answer."""
    said = " ".join(secrets.values())
    bodies = (
        json.dumps({"error": {"message": said, "status": "INVALID", "code": 400}, "error_description": said, "detail": said}),
        json.dumps([{"error": {"message": said}}]),
        f"<html>{said}</html>",
        f'{{"results": "{said}',
    )
    headers = {"Content-Type": "application/json", "Location": f"/x?token={said[:60]}", "Retry-After": "7200"}
    for status in (400, 401, 429, 500, 200):
        simulator.faults.extend(Fault(status, headers, body.encode()) for _again in range(8) for body in bodies)
        with inside(cast.client):
            Job.objects.filter(kind=pulls.KIND).delete()
            Connection.objects.update(state=Connection.State.ACTIVE, problem="")
            for source in Connection.objects.exclude(source="file"):
                pulls.schedule(cast.client, source, asked_at=timezone.now() + timedelta(days=1))
        worker.work_off()
        assert len(simulator.faults) < 8 * len(bodies)
        simulator.faults.clear()


def test_no_secret_is_found_in_anything_that_is_written(
    cast: Cast,
    signed_in: Any,
    simulator: Simulator,
    connected: dict[str, str],
    mail_server: MailServer,
    load_text: LoadText,
    caplog: pytest.LogCaptureFixture,
    settings: Any,
    tmp_path: Path,
) -> None:
    caplog.set_level(logging.DEBUG)
    settings.EMAIL_HOST_PASSWORD, settings.METRICS_TOKEN = HOST_PASSWORD, METRICS_TOKEN
    written, by = Written(), Actor(cast.owner.email, cast.owner)
    token = tokens.make(cast.client, name="warehouse", scope=Scope.WRITE, days=9, by=by)[1]
    totp = generate_totp_secret()
    TOTP.activate(cast.viewer, totp)
    invitation = invitations.invite(
        "new@lumen.example", Role.VIEWER, cast.client, permissions_of(frozenset({Role.ADMIN}), cast.client), by, language="en"
    )
    with inside(cast.client):
        for kind, text in (("ads", ADS), ("leads", LEADS), ("orders", ORDERS)):
            load_text(cast.client, kind, text)
    settings.WEBHOOKS_TO_LOOPBACK = True
    hook, hook_secret = outgoing.make(cast.client, f"http://127.0.0.1:9/{HOOK}", outgoing.EVENTS, by)  # nobody listens there
    hook_secrets = {"webhook before": hook_secret, "webhook": outgoing.rotate(hook, by)}
    schedule = scheduling.create_weekly(cast.client, {"ana@lumen.example": "fr"})
    Schedule.objects.update(policy=Schedule.Policy.SEND)
    run = scheduling.open_run(schedule, WEEK)
    worker.work_off()
    fail_in_every_way(simulator, connected, cast)
    link = sharing.make(cast.client, run, "fr", Actor("owner"), password=SHARE_PASSWORD)
    owner = _as_people_do(written, cast, signed_in, token, f"/r/{sharing.token(link)}/")
    told_once = _as_managers_do(written, owner, hook, run)
    _break(written, cast, owner, token)
    _export(written, cast, tmp_path)
    written.add("logs", caplog.text + "".join(f"{record.__dict__}" for record in caplog.records))
    for message in mail_server.received:
        written.add("a mail", message)
    for path in Path(tempfile.gettempdir()).glob("vigie*"):
        written.add(str(path), path.read_bytes() if path.is_file() else b"")
    written.database()
    granted = {
        f"granted {credential.platform} {name}": value
        for credential in Credential.objects.all() for name, value in vault.unseal(credential).items() if "token" in name
    }  # fmt: skip
    keys = {f"key {number}": key.decode() for number, key in enumerate(ours.CREDENTIAL_KEYS)}
    assert hook.calls.exists()
    seed = decrypt(RecoveryCodes.activate(cast.viewer).instance.data["seed"])
    secrets = connected | granted | keys | hook_secrets | told_once | {
        "API token": token, "second factor": totp, "password": PASSWORD, "mistyped password": WRONG_PASSWORD, "share": SHARE_PASSWORD,
        "password of a link that was typed": TYPED_PASSWORD, "code of a consent": CODE, "seed of recovery codes": seed,
        "SECRET_KEY": ours.SECRET_KEY, "mail host": HOST_PASSWORD, "metrics": METRICS_TOKEN,
    }  # fmt: skip
    assert {name: value for name, value in secrets.items() if len(value) < 8} == {}
    assert {name: written.where(value) for name, value in secrets.items() if written.where(value)} == {}
    assert [where for where in written.where(HOOK) if not where.startswith(HOOK_SHOWN)] == []
    key = owner.cookies[ours.SESSION_COOKIE_NAME].value
    assert [where for where in written.where(key) if where.partition(":")[0].removeprefix("table ") not in SESSIONS] == []
    assert invitation.pk
    assert len(written.found) > 100


def _as_people_do(written: Written, cast: Cast, signed_in: Any, token: str, share: str) -> Browser:
    """Sign in well and badly, read pages and the API rightly and wrongly, open a shared report."""
    browser = nobody()
    for password in (WRONG_PASSWORD, PASSWORD):
        written.answer(browser, "post", "/accounts/login/", data={"login": cast.owner.email, "password": password})
    written.answer(nobody(), "post", "/accounts/login/", data={"login": "no-such@people.example", "password": WRONG_PASSWORD})
    written.answer(nobody(), "post", "/accounts/login/", data={"login": cast.viewer.email, "password": PASSWORD})
    for address in ("/profile/", "/accounts/2fa/", "/accounts/sessions/", "/c/lumen/", "/c/lumen/connections/", "/c/lumen/tokens/",
                    "/c/lumen/activity/", "/c/lumen/activity.csv", "/c/lumen/webhooks/", "/a/nord/activity/", "/c/lumen/team/",
                    "/c/lumen/reports/",
                    "/c/lumen/channels/channels.csv", "/no/such/page/", "/c/lumen/tokens/1/revoke/"):  # fmt: skip
        written.answer(browser, "get", address)
    with inside(cast.client):
        accounts = list(Connection.objects.values_list("pk", flat=True))
    for account in accounts:
        written.answer(browser, "get", f"/c/lumen/connections/{account}/")
    written.answer(browser, "post", "/accounts/password/change/", data={"oldpassword": WRONG_PASSWORD, "password1": "short"})
    written.answer(browser, "post", "/accounts/reauthenticate/", data={"password": WRONG_PASSWORD})
    program = Browser(SERVER_NAME="localhost", headers={"authorization": f"Bearer {token}"})
    for address in ("clients/", "clients/lumen/kpis/?from=2026-11-09&to=2026-11-15", "clients/lumen/kpis/?from=x", "clients/nobody/kpis/",
                    "clients/lumen/share-links/", "clients/lumen/imports/", "schema/"):  # fmt: skip
        written.answer(program, "get", f"/api/v1/{address}")
    written.answer(program, "post", "/api/v1/clients/lumen/notes/", data="{", content_type="application/json")
    written.answer(Browser(SERVER_NAME="localhost", headers={"authorization": f"Basic {token}"}), "get", "/api/v1/clients/")
    for password in (WRONG_PASSWORD, SHARE_PASSWORD):
        written.answer(browser, "post", share, data={"password": password})
    written.answer(browser, "get", "/healthz")
    written.answer(Browser(SERVER_NAME="localhost", headers={"authorization": f"Bearer {METRICS_TOKEN}"}), "get", "/metrics")
    return browser


def _as_managers_do(written: Written, owner: Browser, hook: Endpoint, run: Run) -> dict[str, str]:
    """Make what is told once, and lead a consent astray: by the pages, whose answers to that are not kept. The secrets, by name."""
    rotated = owner.post(f"/c/lumen/webhooks/{hook.pk}/secret/").content.decode()
    made = owner.post("/c/lumen/tokens/", {"name": "sheets", "scope": Scope.READ, "days": 30}).content.decode()
    typed = {"run": run.pk, "language": "fr", "days": 30, "password": TYPED_PASSWORD}
    assert written.answer(owner, "post", "/c/lumen/reports/links/", data=typed).status_code == 302
    led = owner.post("/c/lumen/connections/new/google_ads/")["Refresh"]
    state = parse_qs(urlsplit(led).query)["state"][0]
    verifier = vault.unsealed(bytes(OAuthAttempt.objects.latest("pk").verifier))["verifier"]
    back = written.answer(owner, "get", f"/oauth/callback/?state={state}&code={CODE}")["Location"]
    for address in (urlsplit(back).path, f"/c/lumen/webhooks/{hook.pk}/",
                    "/c/lumen/webhooks/", "/c/lumen/reports/links/", "/c/lumen/tokens/", "/c/lumen/activity/",
                    "/c/lumen/channels/channels.xlsx"):  # fmt: skip
        written.answer(owner, "get", address)
    written.answer(owner, "post", f"/c/lumen/webhooks/{hook.pk}/test/")
    worker.work_off()
    written.answer(owner, "post", "/c/lumen/export/")
    return {
        "webhook by its page": re.findall(r"whsec_[\w-]{20,}", rotated)[0],
        "token by its page": re.findall(r"vigie_[\w-]{20,}", made)[0],
        "state of a consent": state,
        "verifier of a consent": verifier,
    }


def _break(written: Written, cast: Cast, owner: Browser, token: str) -> None:
    """What nobody foresaw: a table is gone, and everything that reads it fails with a trace in the log."""
    owner.raise_request_exception = False
    program = Browser(SERVER_NAME="localhost", headers={"authorization": f"Bearer {token}"}, raise_request_exception=False)
    sent = {"data": {"owner": "client", "password": PASSWORD}}
    asked: list[tuple[Browser, str, str, dict[str, Any]]] = [
        (owner, "post", "/c/lumen/connections/1/pull/", sent),
        (owner, "get", "/c/lumen/connections/", {}),
        (program, "get", "/api/v1/clients/lumen/kpis/?from=2026-11-09&to=2026-11-15", {}),
        (nobody(), "post", "/accounts/login/", {"data": {"login": cast.owner.email, "password": PASSWORD}}),
    ]
    statuses = []
    for browser, method, address, options in asked:
        browser.raise_request_exception = False
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f'DROP TABLE "{cast.client.schema_name}".campaigns_connection CASCADE')
                cursor.execute("DROP TABLE account_emailaddress CASCADE")
            statuses.append(written.answer(browser, method, address, **options).status_code)
            transaction.set_rollback(True)
    assert statuses.count(500) >= 3, statuses


def _export(written: Written, cast: Cast, folder: Path) -> None:
    path = folder / "lumen.zip"
    call_command("export_client", "lumen", str(path))
    written.add("the archive", path.read_bytes())
    with pytest.raises(CommandError) as refused:
        call_command("export_client", "lumen", str(path))
    written.add("a command's refusal", str(refused.value))
    assert Client.objects.filter(slug="lumen").exists()
