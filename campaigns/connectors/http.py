"""HTTP as every connector needs it: time-outs, bounded retries, failures in our own words, nothing secret in any of them."""

from __future__ import annotations

import logging
import random
import ssl
import time
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Set
from email.utils import parsedate_to_datetime
from functools import cache
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import parse_qsl

import httpx
import msgspec

from campaigns.channels import gettext_noop as _
from campaigns.connectors.errors import Failure, LostAccess, Passing, UnexpectedAnswer

USER_AGENT = "Vigie/1 (marketing reports)"
TIMEOUT = httpx.Timeout(60.0, connect=10.0)
ATTEMPTS = 5
FIRST_DELAY = 1.0
# A worker waits this long at most; a platform that asks for more is called again by a later job.
LONGEST_DELAY = 60.0
SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "developer-token", "x-api-key"})
SECRET_FIELDS = frozenset({"access_token", "refresh_token", "client_secret", "code", "code_verifier", "password", "assertion"})
# Below this length a "secret" is more likely a flag or a page number, and replacing it would garble the message.
SHORTEST_SECRET = 6
REFUSED = _("The platform no longer accepts our access to this account. Please reconnect it.")

# What decoding a body may raise: not JSON or another shape, not UTF-8, nested without end.
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
RetryDelay = Callable[[httpx.Response], float | None]
Explain = Callable[[httpx.Response], Failure | None]
T = TypeVar("T")
logger = logging.getLogger(__name__)


@cache
def _trusted() -> ssl.SSLContext:
    """The authorities that are believed: read once in a process, for it takes longer than most requests."""
    return httpx.create_ssl_context()


class Http:
    """Requests for JSON over one pool of connections. Only for requests that may be repeated: a failed one is sent again."""

    def __init__(
        self,
        client: httpx.Client | None = None,
        *,
        attempts: int = ATTEMPTS,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = random.random,
    ) -> None:
        self._client = client or httpx.Client(timeout=TIMEOUT, verify=_trusted())
        self._client.headers["User-Agent"] = USER_AGENT
        self._attempts = attempts
        self._sleep = sleep
        self._random = random
        self._hidden: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def hide(self, *secrets: str) -> None:
        """Have these left out of every failure that is told, also where no request carried them: platforms know them too."""
        self._hidden.update(secret for secret in secrets if len(secret) >= SHORTEST_SECRET)

    def request_json(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        data: Mapping[str, str] | None = None,
        auth: httpx.Auth | None = None,
        explain: Explain | None = None,
        retry_delay: RetryDelay | None = None,
    ) -> Any:
        """The decoded body of a successful answer.

        `explain` turns a failed answer into the platform's own kind of failure, or None to judge by the status alone;
        `retry_delay` reads the seconds a platform asks us to wait where they are not in `Retry-After`.
        Raises `Passing` once the attempts are used up, `LostAccess` on 401 and 403, `UnexpectedAnswer` on what is not JSON.
        """
        request = self._client.build_request(method, url, headers=headers, params=params, json=json, data=data)
        attempt = 0
        while True:
            attempt += 1
            outcome = self._attempt(request, auth, explain, retry_delay)
            if isinstance(outcome, httpx.Response):
                return _decoded(outcome)
            delay = self._delay(attempt, outcome.retry_after)
            if attempt >= self._attempts or delay > LONGEST_DELAY:
                raise outcome
            logger.warning("%s Attempt %d of %d; the next in %.1f s.", outcome, attempt, self._attempts, delay)
            self._sleep(delay)

    def _attempt(
        self, request: httpx.Request, auth: httpx.Auth | None, explain: Explain | None, retry_delay: RetryDelay | None
    ) -> httpx.Response | Passing:
        """A `Passing` is returned, not raised: one raised by `auth` has used up attempts of its own and must not be repeated."""
        try:
            response = self._client.send(request, auth=auth)
        except httpx.TimeoutException:
            return Passing(f"{_where(request)} did not answer in time.")
        except httpx.TransportError as error:
            return Passing(f"{_where(request)} could not be reached ({type(error).__name__}).")
        except httpx.RequestError as error:
            raise UnexpectedAnswer(f"{_where(request)} gave an answer that cannot be read ({type(error).__name__}).") from None
        if response.is_success:
            return response
        failure = _failure(response, explain, retry_delay, self._hidden)
        if isinstance(failure, Passing):
            return failure
        raise failure

    def _delay(self, attempt: int, asked: float | None) -> float:
        """Doubling, with jitter so that workers which failed together do not return together; never less than was asked for."""
        delay = FIRST_DELAY * 2.0 ** (attempt - 1) * (0.5 + self._random() / 2)
        return delay if asked is None else max(delay, asked + self._random())


def pages(read: Callable[[str], tuple[T, str]]) -> Iterator[T]:
    """Every page in turn. `read(cursor)` gives a page and the next cursor; "" is the cursor before the first and after the last.

    Raises `UnexpectedAnswer` when a cursor comes back, which would otherwise never end.
    """
    seen = {""}
    cursor = ""
    while True:
        page, cursor = read(cursor)
        yield page
        if not cursor:
            return
        if cursor in seen:
            raise UnexpectedAnswer("The platform's pages lead back to a page already read.")
        seen.add(cursor)


def told(response: httpx.Response, shape: type[T]) -> T | None:
    """What a failed answer says, where it is of this shape; None where a proxy or another part of the platform answered."""
    try:
        return msgspec.json.decode(response.content, type=shape)
    except UNREADABLE:
        return None


def _decoded(response: httpx.Response) -> Any:
    try:
        return msgspec.json.decode(response.content)
    except UNREADABLE:
        kind = response.headers.get("Content-Type", "no content type")
        raise UnexpectedAnswer(f"{_where(response.request)} answered {response.status_code} without valid JSON ({kind:.60}).") from None


def _failure(response: httpx.Response, explain: Explain | None, retry_delay: RetryDelay | None, hidden: Set[str]) -> Failure:
    failure = (explain(response) if explain else None) or _by_status(response)
    if isinstance(failure, Passing) and failure.retry_after is None:
        asked = retry_delay(response) if retry_delay else None
        failure.retry_after = _retry_after(response) if asked is None else asked
    failure.args = (_without(str(failure), _secrets(response.request) | hidden),)
    return failure


def _by_status(response: httpx.Response) -> Failure:
    status = response.status_code
    if status in (401, 403):
        return LostAccess(REFUSED)
    message = f"{_where(response.request)} answered {status}."
    return Passing(message) if status in (408, 429) or status >= 500 else UnexpectedAnswer(message)


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds, from a number of seconds or a date; None where the header is missing or means nothing."""
    value = response.headers.get("Retry-After", "")
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def _where(request: httpx.Request) -> str:
    """Host and path: the query string may carry tokens."""
    return f"{request.url.host}{request.url.path}"


def _without(text: str, secrets: Set[str]) -> str:
    """Platforms quote what they were sent in their messages."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "[redacted]")
    return text


def _secrets(request: httpx.Request) -> set[str]:
    headers = [value for name, value in request.headers.items() if name in SECRET_HEADERS]
    credentials = [header.rpartition(" ")[2] for header in headers]
    passwords = [_password(header) for header in headers if header.startswith("Basic ")]
    fields = [value for name, value in _fields(request) if name in SECRET_FIELDS]
    found = {*headers, *credentials, *passwords, *fields, *request.url.params.values()}
    return {value for value in found if len(value) >= SHORTEST_SECRET}


def _password(basic: str) -> str:
    """What a Basic header hides of `user:password`."""
    try:
        return b64decode(basic.removeprefix("Basic ")).decode().partition(":")[2]
    except ValueError:
        return ""


def _fields(request: httpx.Request) -> list[tuple[str, str]]:
    if "json" not in request.headers.get("Content-Type", ""):
        return parse_qsl(request.content.decode(errors="replace"))
    body = msgspec.json.decode(request.content)
    return [(name, str(value)) for name, value in body.items()] if isinstance(body, dict) else []


class _WithoutQuery(logging.Filter):
    """httpx logs whole addresses at INFO."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(arg.copy_with(query=None) if isinstance(arg, httpx.URL) else arg for arg in record.args)
        return True


logging.getLogger("httpx").addFilter(_WithoutQuery())
