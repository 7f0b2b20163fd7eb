"""Programs are told what happens: signed, once, again when they did not answer, and never anything of a person."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import audit
from accounts.models import AuditEvent, Client, Organisation, User
from accounts.tenancy import inside
from campaigns import pulls
from campaigns.models import Connection
from jobs import worker
from jobs.models import Job
from reports import outgoing, outside, scheduling
from reports.models import Endpoint, EndpointCall, Run, Schedule
from tests.conftest import Cast
from tests.mail_server import MailServer

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Browser]
LIST = "/c/lumen/webhooks/"
CALLS = EndpointCall.State


class Program:
    """A program of somebody's on this machine. Answers with `status`, and keeps what it is sent."""

    def __init__(self) -> None:
        self.status = 204
        self.headers: dict[str, str] = {}
        self.heard: list[tuple[dict[str, str], bytes]] = []
        program = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                program.heard.append((dict(self.headers), body))
                self.send_response(program.status)
                for name, value in program.headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hooks?key=of-theirs"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def told(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _headers, body in self.heard]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def program(settings: Any) -> Iterator[Program]:
    settings.WEBHOOKS_TO_LOOPBACK = True
    listening = Program()
    yield listening
    listening.close()


def listen(organisation: Organisation, program: Program, *events: str) -> tuple[Endpoint, str]:
    return outgoing.make(organisation, program.url, events or outgoing.EVENTS, audit.OPERATOR)


def signatures(secret: str, headers: dict[str, str], body: bytes) -> list[bool]:
    """Checked as docs/webhooks.md says, for each signature that is there."""
    wanted = "v1=" + hmac.new(secret.encode(), headers["Vigie-Timestamp"].encode() + b"." + body, hashlib.sha256).hexdigest()
    return [hmac.compare_digest(wanted, said) for said in headers["Vigie-Signature"].split(",")]


def again() -> None:
    """Whatever waits to be tried again is due."""
    Job.objects.filter(kind=outgoing.CALL, state=Job.State.QUEUED).update(run_at=timezone.now() - timedelta(hours=1))
    worker.work_off()


def texts(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).replace("&#x27;", "'").split())


class TestEvents:
    def test_a_report_is_told_of_once_all_its_copies_have_left_and_without_a_name(
        self, cast: Cast, schedule: Schedule, program: Program, mail_server: MailServer
    ) -> None:
        _endpoint, secret = listen(cast.agency, program)
        own, _secret = listen(cast.client, program, outgoing.REPORT_FAILED)
        run = scheduling.open_run(schedule, "2026-W46")
        worker.work_off()
        assert len(mail_server.received) == 2
        [told] = program.told()
        assert told["event"] == "report.sent"
        assert told["client"] == {"slug": "lumen", "name": "Maison Lumen"}
        assert told["copies"] == {"sent": 2}
        assert told["report"]["period"] == "2026-W46"
        assert told["report"]["url"].endswith(f"/c/lumen/reports/{run.pk}/")
        [(headers, body)] = program.heard
        assert b"@" not in body
        assert secret.encode() not in body
        assert signatures(secret, headers, body) == [True]
        assert (headers["Vigie-Event"], headers["Vigie-Id"]) == ("report.sent", told["id"])
        assert not own.calls.exists()
        outgoing.report_ended(cast.client, run.pk)
        worker.work_off()
        assert len(program.heard) == 1

    def test_a_report_that_did_not_reach_anybody_has_failed(
        self, cast: Cast, schedule: Schedule, program: Program, mail_server: MailServer
    ) -> None:
        listen(cast.client, program)
        mail_server.rcpt = "550 no such user"
        scheduling.open_run(schedule, "2026-W46")
        worker.work_off()
        [told] = program.told()
        assert (told["event"], told["reason"]) == ("report.failed", "sending")
        assert sum(told["copies"].values()) == 2
        assert "no such user" not in json.dumps(told)

    def test_a_report_that_could_not_be_prepared_has_failed(self, cast: Cast, schedule: Schedule, program: Program) -> None:
        listen(cast.client, program)
        run = scheduling.open_run(schedule, "2026-W46")
        outgoing.run_failed(Run.objects.select_related("schedule__client").get(pk=run.pk))
        Job.objects.filter(kind=scheduling.KIND).delete()
        worker.work_off()
        assert [(told["event"], told["reason"]) for told in program.told()] == [("report.failed", "preparing")]

    def test_nothing_is_told_to_another_client_or_to_another_agency(self, cast: Cast, schedule: Schedule, program: Program) -> None:
        assert cast.other_client.agency
        listen(cast.other_client, program)
        listen(cast.other_client.agency, program)
        run = scheduling.open_run(schedule, "2026-W46")
        outgoing.run_failed(Run.objects.select_related("schedule__client").get(pk=run.pk))
        assert not EndpointCall.objects.exists()

    def test_an_account_that_is_lost_is_told_of_once(self, cast: Cast, program: Program, settings: Any) -> None:
        listen(cast.agency, program, outgoing.PULL_FAILED)
        settings.PLATFORMS = {"google_ads": {"client_id": "i", "client_secret": "s", "developer_token": "d"}}
        with inside(cast.client):
            source = Connection.objects.create(
                source="google_ads", account="1", name="Maison", currency="EUR", timezone="Europe/Paris", credential_id=4_711
            )
            for _morning in range(2):
                pulls.schedule(cast.client, source, asked_at=timezone.now())
                worker.work_off(cast.client.pk)
        [told] = program.told()
        assert (told["event"], told["reason"]) == ("pull.failed", "access_lost")
        assert (told["connection"]["platform"], told["connection"]["platform_name"]) == ("google_ads", "Google Ads")
        assert told["connection"]["url"].endswith(f"/c/lumen/connections/{source.pk}/")


class TestTrying:
    def failed(self, client: Client, schedule: Schedule, period: str) -> None:
        run = scheduling.open_run(schedule, period)
        Job.objects.filter(kind=scheduling.KIND).delete()
        outgoing.run_failed(Run.objects.select_related("schedule__client").get(pk=run.pk))

    def test_what_is_not_taken_is_sent_again_later_with_the_same_id(self, cast: Cast, schedule: Schedule, program: Program) -> None:
        endpoint, secret = listen(cast.client, program)
        program.status, program.headers = 503, {"Retry-After": "90"}
        self.failed(cast.client, schedule, "2026-W46")
        before = timezone.now()
        worker.work_off()
        [call] = endpoint.calls.all()
        assert (call.state, call.status, call.attempts) == (CALLS.WAITING, 503, 1)
        job = Job.objects.get(kind=outgoing.CALL)
        assert timedelta(seconds=85) < job.run_at - before < timedelta(seconds=120)
        program.status = 200
        again()
        call.refresh_from_db()
        assert (call.state, call.status, call.attempts) == (CALLS.TAKEN, 200, 2)
        assert program.told()[0] == program.told()[1]
        assert all(signatures(secret, headers, body) == [True] for headers, body in program.heard)

    def test_a_redirection_is_followed_nowhere(self, cast: Cast, schedule: Schedule, program: Program) -> None:
        endpoint, _secret = listen(cast.client, program)
        program.status, program.headers = 302, {"Location": program.url}
        self.failed(cast.client, schedule, "2026-W46")
        worker.work_off()
        assert (len(program.heard), endpoint.calls.get().status) == (1, 302)

    def test_after_five_events_that_were_given_up_it_is_switched_off_and_its_owner_is_told(
        self, cast: Cast, schedule: Schedule, program: Program, mail_server: MailServer, signed_in: SignIn
    ) -> None:
        endpoint, _secret = listen(cast.client, program)
        program.status = 500
        for week in range(40, 46):
            self.failed(cast.client, schedule, f"2026-W{week}")
        for _try in range(outgoing.ATTEMPTS):
            again()
        endpoint.refresh_from_db()
        assert endpoint.disabled_at
        assert len(program.heard) == 6 * outgoing.ATTEMPTS - 1
        assert endpoint.calls.filter(state=CALLS.FAILED).count() == 6
        [mail] = mail_server.messages()
        assert (mail["To"], mail["Subject"]) == (cast.owner.email, "127.0.0.1 n'est plus prévenu")
        self.failed(cast.client, schedule, "2026-W46")
        browser = signed_in(cast.owner)
        shown = texts(browser.get(f"{LIST}{endpoint.pk}/"))
        assert "Switched off on" in shown
        assert "Given up" in shown
        program.status = 200
        answer = browser.post(f"{LIST}{endpoint.pk}/start/", follow=True)
        assert "It is told again what happens from now on." in texts(answer)
        endpoint.refresh_from_db()
        assert not endpoint.disabled_at
        assert endpoint.failures == 0

    def test_one_that_is_gone_is_switched_off_at_once(self, cast: Cast, schedule: Schedule, program: Program) -> None:
        endpoint, _secret = listen(cast.client, program)
        program.status = 410
        self.failed(cast.client, schedule, "2026-W46")
        worker.work_off()
        endpoint.refresh_from_db()
        assert endpoint.disabled_at
        assert len(program.heard) == 1


class TestPages:
    def test_the_owner_adds_a_program_sees_its_secret_once_and_sends_a_test(self, cast: Cast, program: Program, signed_in: SignIn) -> None:
        browser = signed_in(cast.owner)
        answer = browser.post(LIST, {"url": program.url, "events": [outgoing.REPORT_SENT]})
        found = re.search(r"whsec_[\w-]{43}", answer.content.decode())
        assert found
        endpoint = Endpoint.objects.get()
        address = f"{LIST}{endpoint.pk}/"
        assert found.group() not in browser.get(address).content.decode()
        assert found.group().encode() not in bytes(endpoint.sealed)
        assert "A test is on its way" in texts(browser.post(f"{address}test/", follow=True))
        worker.work_off()
        assert [told["event"] for told in program.told()] == ["test"]
        assert signatures(found.group(), *program.heard[0]) == [True]
        shown = texts(browser.get(address))
        assert "Taken" in shown
        assert "204" in shown
        sentences = [audit.sentence(event) for event in AuditEvent.objects.filter(verb__startswith="webhook.")]
        assert sentences == ["has 127.0.0.1 told of report.sent"]

    def test_while_a_secret_is_changed_both_sign(self, cast: Cast, program: Program, signed_in: SignIn) -> None:
        endpoint, before = listen(cast.client, program)
        answer = signed_in(cast.owner).post(f"{LIST}{endpoint.pk}/secret/")
        found = re.search(r"whsec_[\w-]{43}", answer.content.decode())
        assert found
        assert "The secret before signs too for 24 hours." in texts(answer)
        outgoing.test(endpoint)
        worker.work_off()
        assert signatures(found.group(), *program.heard[0]) == [True, False]
        assert signatures(before, *program.heard[0]) == [False, True]
        headers = outgoing.headers(endpoint.calls.get(), b"", timezone.now() + timedelta(hours=25))
        assert "," not in headers["Vigie-Signature"]

    def test_an_agency_has_its_own(self, cast: Cast, program: Program, signed_in: SignIn) -> None:
        browser = signed_in(cast.owner)
        browser.post("/a/nord/webhooks/", {"url": program.url, "events": list(outgoing.EVENTS)})
        endpoint = Endpoint.objects.get(agency=cast.agency)
        browser.post(f"/a/nord/webhooks/{endpoint.pk}/test/")
        worker.work_off()
        assert "Taken" in texts(browser.get("/a/nord/webhooks/"))
        answer = browser.post(f"/a/nord/webhooks/{endpoint.pk}/remove/", follow=True)
        assert "127.0.0.1 is told nothing more." in texts(answer)
        assert not Endpoint.objects.exists()

    def test_an_analyst_and_a_viewer_neither_see_nor_add_any(self, cast: Cast, program: Program, signed_in: SignIn) -> None:
        listen(cast.client, program)
        for person in (cast.analyst, cast.viewer):
            assert signed_in(person).get(LIST).status_code == 403
            assert signed_in(person).post(LIST, {"url": program.url}).status_code == 403
        assert Endpoint.objects.count() == 1

    def test_three_cost_no_more_queries_than_one(self, cast: Cast, program: Program, signed_in: SignIn) -> None:
        browser = signed_in(cast.owner)

        def count() -> int:
            endpoint, _secret = listen(cast.client, program)
            outgoing.test(endpoint)
            with CaptureQueriesContext(connection) as queries:
                assert browser.get(LIST).status_code == 200
            return len(queries)

        count()
        second = count()
        assert count() == second


class TestWhereTo:
    @pytest.mark.parametrize(
        ("url", "reason"),
        [
            ("http://hooks.example/", "must begin with https"),
            ("https://user:word@hooks.example/", "a name or a password"),
            ("https://localhost/", "not on the public internet"),
            ("https://127.0.0.1/", "not on the public internet"),
            ("https://0x7f.1/", "not on the public internet"),
            ("https://2130706433/", "not on the public internet"),
            ("https://10.0.0.8/", "not on the public internet"),
            ("https://169.254.169.254/latest/meta-data/", "not on the public internet"),
            ("https://[::1]/", "not on the public internet"),
            ("https://[::ffff:10.0.0.8]/", "not on the public internet"),
            ("https://[64:ff9b::7f00:1]/", "not on the public internet"),
            ("https://[fd00::1]/", "not on the public internet"),
            ("https://[fec0::1]/", "not on the public internet"),
            ("https://[::127.0.0.1]/", "not on the public internet"),
            ("https://[::ffff:0:127.0.0.1]/", "not on the public internet"),
            ("https://hooks.example/#part", "after “#”"),
            ("ftp://hooks.example/", "must begin with https"),
            ("https://exa mple/", "not a web address"),
            ("https://[/", "not a web address"),
            ("", "not a web address"),
        ],
    )
    def test_only_the_public_internet_is_told_anything(self, cast: Cast, signed_in: SignIn, url: str, reason: str) -> None:
        with pytest.raises(outside.Refused, match=reason):
            outside.check(url)

    def test_a_refusal_is_told_beside_the_field(self, cast: Cast, signed_in: SignIn) -> None:
        answer = signed_in(cast.owner).post(LIST, {"url": "https://10.0.0.8/", "events": ["report.sent"]})
        assert "This address is not on the public internet." in texts(answer)
        assert not Endpoint.objects.exists()

    def test_a_name_that_leads_into_the_house_is_found_out_when_it_is_told(
        self, cast: Cast, program: Program, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whoever owns a name may change what it means at any time."""
        endpoint, _secret = outgoing.make(cast.client, "https://rebound.example/", ["report.sent"], audit.OPERATOR)
        settings.WEBHOOKS_TO_LOOPBACK = False
        both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in ("93.184.215.14", "127.0.0.1")]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: both)
        outgoing.test(endpoint)
        worker.work_off()
        call = endpoint.calls.get()
        assert (call.state, call.status, call.problem) == (CALLS.FAILED, None, "This address is not on the public internet.")
        assert program.heard == []


class TestCertificates:
    """Of a program that is reached as all are outside of tests."""

    @pytest.fixture
    def certified(self, program: Program, tmp_path: Path) -> Iterator[tuple[Program, Path]]:
        """A program that shows a certificate of its own making, and where that lies."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
        now = timezone.now()
        made = (
            x509.CertificateBuilder(
                name, name, key.public_key(), x509.random_serial_number(), now - timedelta(days=1), now + timedelta(days=1)
            )
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        shown, kept = tmp_path / "shown.pem", tmp_path / "kept.pem"
        shown.write_bytes(made.public_bytes(Encoding.PEM))
        kept.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(shown, kept)
        program.server.socket = context.wrap_socket(program.server.socket, server_side=True)
        program.url = program.url.replace("http://", "https://")
        outside._trusted.cache_clear()
        yield program, shown
        outside._trusted.cache_clear()

    def test_who_is_vouched_for_is_told(self, cast: Cast, certified: tuple[Program, Path], monkeypatch: pytest.MonkeyPatch) -> None:
        program, shown = certified
        monkeypatch.setenv("SSL_CERT_FILE", str(shown))
        endpoint, secret = listen(cast.client, program)
        outgoing.test(endpoint)
        worker.work_off()
        assert endpoint.calls.get().state == CALLS.TAKEN
        [(headers, body)] = program.heard
        assert signatures(secret, headers, body) == [True]

    def test_who_vouches_for_himself_alone_hears_nothing(self, cast: Cast, certified: tuple[Program, Path]) -> None:
        program, _shown = certified
        endpoint, _secret = listen(cast.client, program)
        outgoing.test(endpoint)
        worker.work_off()
        assert endpoint.calls.get().problem == "No connection could be made, or its certificate is not valid."
        assert program.heard == []


class TestHowLong:
    def test_an_answer_that_trickles_in_keeps_nobody_waiting(
        self, cast: Cast, trickle: str, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A header every few seconds is no answer: other events, and other people's, wait for the worker."""
        settings.WEBHOOKS_TO_LOOPBACK = True
        monkeypatch.setattr(outside, "ANSWER", 0.3)
        endpoint, _secret = outgoing.make(cast.client, trickle, ["report.sent"], audit.OPERATOR)
        outgoing.test(endpoint)
        worker.work_off()
        call = endpoint.calls.get()
        assert (call.state, call.problem) == (CALLS.FAILED, "No answer in time.")

    def test_nor_do_greetings_that_trickle_in(self, cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        settings.WEBHOOKS_TO_LOOPBACK = True
        monkeypatch.setattr(outside, "ANSWER", 0.3)
        over = threading.Event()

        class Greeting(BaseRequestHandler):
            def handle(self) -> None:
                # The head of a record of sixteen kilobytes.
                self.request.sendall(b"\x16\x03\x03\x3f\xff")
                with suppress(OSError):
                    while not over.wait(0.02):
                        self.request.sendall(b"\x02")

        with ThreadingTCPServer(("127.0.0.1", 0), Greeting) as server:
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
            endpoint, _secret = outgoing.make(
                cast.client, f"https://127.0.0.1:{server.server_address[1]}/", ["report.sent"], audit.OPERATOR
            )
            outgoing.test(endpoint)
            worker.work_off()
            over.set()
            server.shutdown()
        call = endpoint.calls.get()
        assert (call.state, call.problem) == (CALLS.FAILED, "No answer in time.")

    @pytest.fixture
    def trickle(self) -> Iterator[str]:
        """The address of a program whose answer never ends."""
        over = threading.Event()

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.send_response(200)
                self.flush_headers()
                with suppress(OSError):
                    while not over.wait(0.02):
                        self.wfile.write(b"a")

            def log_message(self, *args: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        over.set()
        server.shutdown()
        server.server_close()

    def test_a_button_held_down_sends_one_test(self, cast: Cast, program: Program, signed_in: SignIn) -> None:
        endpoint, _secret = listen(cast.client, program)
        browser = signed_in(cast.owner)
        for _again in range(3):
            browser.post(f"{LIST}{endpoint.pk}/test/")
        worker.work_off()
        assert len(program.heard) == 1
        browser.post(f"{LIST}{endpoint.pk}/test/")
        worker.work_off()
        assert len(program.heard) == 2
