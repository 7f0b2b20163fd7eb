"""One loopback server for all simulated platforms, each below a prefix of its own: `<url>/google_ads/…`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

from campaigns.simulators import Answer, PlatformSimulator, Request, simulator_for, sources
from campaigns.simulators.business import BUSINESSES, MAISON_LUMEN, Ledger

LARGEST_BODY = 1_000_000
P = TypeVar("P", bound=PlatformSimulator)


@dataclass(frozen=True)
class Fault:
    """An answer to give, once, instead of the platform's own, `delay` seconds late. `path` limits it to paths that contain it.

    A `Content-Length` header larger than the body cuts the answer short. With `is_dropped` the connection ends without an answer.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay: float = 0.0
    path: str = ""
    is_dropped: bool = False


@dataclass(frozen=True)
class Exchange:
    """One request and its answer as they went over the wire; header names of the request are in lower case."""

    method: str
    url: str
    request_headers: Mapping[str, str]
    request_body: bytes
    status: int
    response_headers: Mapping[str, str]
    response_body: bytes


class Simulator:
    """The platforms of all invented businesses, listening on 127.0.0.1 from the moment it is made until `stop()`.

    `anchor` is the day around which the stories are told and never moves; `as_of` says which day it is, on which the platforms
    show what they would then know. Both default to today in Paris. Faults in `faults` are served in order.
    """

    def __init__(
        self,
        seed: str = "one",
        anchor: date | None = None,
        as_of: Callable[[], date] | None = None,
        recorder: list[Exchange] | None = None,
        port: int = 0,
    ) -> None:
        self.as_of = as_of or today
        told_around = anchor or self.as_of()
        self.ledgers = {slug: ledger_of(slug, seed, told_around) for slug in BUSINESSES}
        self.platforms = {source: simulator_for(source)(self.ledgers, self._day) for source in sources()}
        self.faults: list[Fault] = []
        self.recorder = recorder
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._server = _Server(self, port)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    @property
    def ledger(self) -> Ledger:
        """Maison Lumen's."""
        return self.ledgers[MAISON_LUMEN.slug]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def platform(self, kind: type[P]) -> P:
        """The mounted stand-in of this class, to be adjusted by a test."""
        found = self.platforms[kind.source]
        if not isinstance(found, kind):
            raise TypeError(f"{kind.source} is served by {type(found).__name__}.")
        return found

    def settings(self, source: str) -> dict[str, str]:
        """The product's settings for a platform, so that it speaks to this server."""
        return self.platforms[source].settings(f"{self.url}/{source}")

    def secret(self, source: str, user: str = "") -> dict[str, str]:
        """A credential that the platform's stand-in accepts; `user` is the slug of the business whose accounts it opens."""
        return self.platforms[source].secret(user)

    def _day(self) -> date:
        """Asked anew every time: a test may replace `as_of` while the server runs."""
        return self.as_of()

    def respond(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer | None:
        """The answer to one request, recorded before it is sent; None to drop the connection."""
        fault = self._next_fault(url)
        if fault:
            self._stopping.wait(fault.delay)
            if fault.is_dropped:
                return None
            answer = Answer(fault.status, fault.headers, fault.body)
        else:
            answer = self._platform_answer(method, url, headers, body)
        if self.recorder is not None:
            self.recorder.append(Exchange(method, self.url + url, headers, body, answer.status, answer.headers, answer.body))
        return answer

    def _next_fault(self, url: str) -> Fault | None:
        with self._lock:
            fault = next((fault for fault in self.faults if fault.path in url), None)
            if fault:
                self.faults.remove(fault)
            return fault

    def _platform_answer(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        parts = urlsplit(url)
        source, _, path = parts.path.removeprefix("/").partition("/")
        if source not in self.platforms:
            return Answer.json({"error": f"Nothing is mounted at /{source}."}, 404)
        request = Request(method, f"{self.url}/{source}", f"/{path}", dict(parse_qsl(parts.query, keep_blank_values=True)), headers, body)
        with self._lock:
            return self.platforms[source].answer(request)


@lru_cache(maxsize=9)
def ledger_of(slug: str, seed: str, anchor: date) -> Ledger:
    """The same ledger for every server that tells this story: what was told once need not be told again."""
    return Ledger(BUSINESSES[slug], seed, anchor)


def today() -> date:
    return datetime.now(ZoneInfo(MAISON_LUMEN.zone)).date()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, simulator: Simulator, port: int) -> None:
        self.simulator = simulator
        super().__init__(("127.0.0.1", port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    # Headers and body leave in one packet; in two, the client's delayed acknowledgement costs 40 ms a request.
    wbufsize = 65536
    timeout = 60

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:
        """Silent: addresses may carry tokens."""

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST_BODY:
            self.close_connection = True
            self._send(Answer(413))
            return
        body = self.rfile.read(length)
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.simulator.respond(self.command, self.path, headers, body)
        if answer is None:
            self.close_connection = True
            return
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if int(answer.headers.get("Content-Length", 0)) > len(answer.body):
            self.close_connection = True
        if "Content-Length" not in answer.headers:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        try:
            self.wfile.write(answer.body)
            self.wfile.flush()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
