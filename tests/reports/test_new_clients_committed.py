"""A file of new clients that is confirmed twice at once: a double press, or two tabs."""

from __future__ import annotations

from typing import Any

from accounts.models import Client, Invitation
from tests.accounts.reading import SignIn, text
from tests.conftest import Cast
from tests.reports.test_new_clients import FILE, HEAD
from tests.threads import PATIENCE, in_thread


def test_two_presses_at_once_make_each_client_once(own_database: str, cast: Cast, signed_in: SignIn) -> None:
    lines = HEAD + "".join(f"Client {n},client-{n},EUR,Europe/Paris,fr,,c{n}@new.example,admin,Retail\n" for n in range(3))
    browsers = [signed_in(cast.owner) for _ in range(2)]
    presses = [in_thread(lambda browser=browser: browser.post(FILE, {"text": lines})) for browser in browsers]  # type: ignore[misc]
    answers: list[Any] = [press.result(PATIENCE) for press in presses]
    assert [answer.status_code for answer in answers] == [302, 302]
    said = [text(browser.get("/a/nord/")) for browser in browsers]
    assert sum("3 clients were created." in one for one in said) == sum("none was created twice." in one for one in said) == 1
    assert Client.objects.filter(slug__startswith="client-").count() == Invitation.objects.count() == 3
