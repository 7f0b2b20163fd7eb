"""A report is read by whoever was given its link, until it expires or is revoked; by nobody else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone

from accounts.models import AuditEvent, Client, User
from jobs import worker
from reports import scheduling, sharing
from reports.archive.models import Document
from reports.models import Run, Schedule, ShareLink
from tests.conftest import Cast
from tests.mail_server import MailServer
from tests.reports.conftest import WEEK

SignIn = Callable[[User], Browser]


@pytest.fixture
def run(schedule: Schedule, mail_server: MailServer) -> Run:
    run = scheduling.open_run(schedule, WEEK)
    worker.work_off()
    run.refresh_from_db()
    return run


def anybody() -> Browser:
    return Browser(SERVER_NAME="localhost", headers={"user-agent": "Mail\x07 on a phone"})


def path(link: str) -> str:
    return link.removeprefix("http://localhost:8000")


def test_the_link_in_a_mail_is_its_readers_own_and_shows_the_report_as_it_was_sent(
    run: Run, mail_server: MailServer, cast: Cast, signed_in: SignIn
) -> None:
    body = next(message for message in mail_server.messages() if message["To"] == "ana@lumen.example").get_body(("plain",))
    assert body
    links = re.findall(r"http://localhost:8000(/r/\S+)", body.get_content())
    link = ShareLink.objects.get(delivery__recipient__email="ana@lumen.example")
    assert links == [f"/r/{sharing.token(link)}/", f"/r/{sharing.token(link)}/pdf/"]
    assert 89 <= (link.expires_at - timezone.now()).days < 91

    page = anybody().get(links[0])
    assert page.status_code == 200
    assert (page["X-Robots-Tag"], page["Referrer-Policy"]) == ("noindex, nofollow", "same-origin")
    assert "frame-src 'self'" in page["Content-Security-Policy"]
    assert "script-src 'self'" in page["Content-Security-Policy"]
    [frame] = re.findall(r'<iframe[^>]*src="([^"]*)"', page.content.decode())
    shown = anybody().get(frame)
    assert shown["X-Frame-Options"] == "SAMEORIGIN"
    assert "sandbox allow-popups" in shown["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in shown["Content-Security-Policy"]
    html = shown.content.decode()
    assert "Maison Lumen" in html
    assert "unsubscribe" not in html.lower()
    assert "Se désinscrire" not in html
    assert ".invalid" not in html
    kept = Document.objects.get(kind=Document.Kind.PDF, language="fr")
    assert anybody().get(links[1]).content == bytes(kept.content)

    views = signed_in(cast.analyst).get(f"/api/v1/clients/lumen/share-links/{link.pk}/views/").json()
    assert [(view["what"], view["agent"], view["address"]) for view in views] == [
        ("pdf", "Mail on a phone", "127.0.0.1"),
        ("page", "Mail on a phone", "127.0.0.1"),
    ]

    forged = f"/r/{sharing.token(link)[:-1]}A/" if sharing.token(link)[-1] != "A" else f"/r/{sharing.token(link)[:-1]}B/"
    other = ShareLink.objects.get(delivery__recipient__email="bob@lumen.example")
    swapped = f"/r/{sharing.token(link).replace(f'{link.pk}-', f'{other.pk}-', 1)}/"
    pages = [anybody().get(address) for address in (forged, swapped)]
    for field, value in (("expires_at", timezone.now()), ("revoked_at", timezone.now())):
        before = getattr(link, field)
        ShareLink.objects.filter(pk=link.pk).update(**{field: value})
        pages += [anybody().get(links[0]), anybody().get(links[1]), anybody().get(frame)]
        ShareLink.objects.filter(pk=link.pk).update(**{field: before})
    Client.objects.filter(pk=link.client_id).update(closed_at=timezone.now())
    pages.append(anybody().get(links[0]))
    assert {answer.status_code for answer in pages} == {404}
    assert all(b"This link opens nothing" in answer.content for answer in pages)
    elsewhere = Browser(SERVER_NAME="reports.sud.example").get(links[0])
    assert elsewhere.status_code == 404


def test_a_link_is_made_with_a_password_opened_with_it_and_revoked(
    run: Run, cast: Cast, signed_in: SignIn, django_capture_on_commit_callbacks: Any
) -> None:
    owner, links = signed_in(cast.owner), "/api/v1/clients/lumen/share-links/"

    def ask(**wanted: object) -> Any:
        return owner.post(links, json.dumps(wanted), content_type="application/json")

    wrong: dict[str, dict[str, object]] = {
        "run": {"run": run.pk + 999},
        "language": {"run": run.pk, "language": "de"},
        "days": {"run": run.pk, "days": 0},
        "password": {"run": run.pk, "password": "short"},
    }
    for field, wanted in wrong.items():
        answer = ask(**wanted)
        assert (answer.status_code, list(answer.json())) == (400, [field])
    made = ask(run=run.pk, days=7, password="a word of ours")
    assert made.status_code == 201
    told = made.json()
    assert (told["language"], told["has_password"], told["made_by"], told["sent_to"]) == ("fr", True, cast.owner.email, None)

    reader, address = anybody(), path(told["address"])
    asked = reader.get(address)
    assert asked.status_code == 200
    assert "iframe" not in asked.content.decode()
    assert reader.get(f"{address}pdf/")["Content-Type"].startswith("text/html")
    assert reader.post(address, {"password": "a guess"}).status_code == 403
    assert reader.post(address, {"password": "a word of ours"})["Location"] == address
    assert "iframe" in reader.get(address).content.decode()
    assert reader.get(f"{address}pdf/")["Content-Type"] == "application/pdf"
    guesser = anybody()
    answers = [guesser.post(address, {"password": f"guess {number}"}).status_code for number in range(4)]
    assert answers == [403, 403, 403, 429]
    assert guesser.post(address, {"password": "a word of ours"}).status_code == 429

    assert [link["sent_to"] for link in owner.get(links).json()] == [None, "bob@lumen.example", "ana@lumen.example"]
    assert owner.post(f"{links}{told['id']}/revoke/").json()["revoked_at"]
    assert reader.get(address).status_code == 404
    assert set(AuditEvent.objects.filter(verb__startswith="share.").values_list("verb", flat=True)) == {"share.made", "share.revoked"}
