"""Every change that matters leaves a line: who, what, when, from where; in the reader's language; never a secret."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client as Browser
from django.test import RequestFactory
from django.utils.translation import override

from accounts import audit, services
from accounts.audit import SENTENCES, Actor
from accounts.models import AuditEvent, Scope, User
from tests.accounts.test_tokens import actor, made
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Browser]


def source_files() -> Iterator[Path]:
    for app in ("accounts", "campaigns", "kpis", "reports", "config"):
        yield from (settings.BASE_DIR / app).glob("**/*.py")


def recorded_verbs() -> Iterator[str]:
    """Every text in the code that is written like a verb, of things that verbs are about."""
    subjects = {verb.split(".")[0] for verb in SENTENCES}
    for path in source_files():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"audit.record", "insert_client", "services.insert_client"}:
                yield from (str(part.value) for part in ast.walk(node) if isinstance(part, ast.Constant) and is_verb(part.value, subjects))


def is_verb(value: object, subjects: set[str]) -> bool:
    return isinstance(value, str) and value.split(".")[0] in subjects and value.count(".") == 1


def test_a_change_and_its_line_are_one(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change whose line cannot be written is not made."""

    def refuse(*_arguments: object, **_details: object) -> None:
        raise RuntimeError("no room")

    monkeypatch.setattr("accounts.audit.record", refuse)
    with pytest.raises(RuntimeError):
        services.change_client(cast.client, actor(cast.owner), name="Other")
    with pytest.raises(RuntimeError):
        made(cast.client, cast.owner, Scope.WRITE)
    cast.client.refresh_from_db()
    assert cast.client.name == "Maison Lumen"
    assert not cast.client.apitoken_set.exists()


def test_what_did_not_change_leaves_no_line(cast: Cast) -> None:
    before = AuditEvent.objects.count()
    services.change_client(cast.client, actor(cast.owner), name=cast.client.name, slug=cast.client.slug)
    assert AuditEvent.objects.count() == before


def test_a_line_says_before_and_after_in_the_readers_language(cast: Cast) -> None:
    services.change_client(cast.client, actor(cast.owner), name="Lumen & Cie")
    event = audit.events_of(cast.client)[0]
    assert audit.sentence(event) == "changed the client: Name: Maison Lumen → Lumen & Cie"
    with override("fr"):
        assert audit.sentence(event).startswith("a modifié le client")
        assert "Lecture" in audit.sentence(AuditEvent(verb="token.made", details={"name": "x", "ending": "abcd", "scope": "token:read"}))


def test_who_did_it_is_still_told_when_their_account_is_gone(cast: Cast) -> None:
    services.change_client(cast.client, actor(cast.stranger), name="Other")
    cast.stranger.delete()
    assert audit.events_of(cast.client)[0].actor_label == "stranger@people.example"


def test_an_agency_reads_of_its_clients_and_of_its_peoples_sign_in_and_of_nobody_elses(cast: Cast) -> None:
    audit.record("password.changed", actor(cast.analyst))
    audit.record("password.changed", actor(cast.stranger))
    services.change_client(cast.client, actor(cast.owner), name="Ours")
    services.change_client(cast.other_client, actor(cast.stranger), name="Theirs")
    told = [(event.actor_label.split("@")[0], event.verb) for event in audit.events_of(cast.agency)[:2]]
    assert told == [("owner", "client.changed"), ("analyst", "password.changed")]
    assert not audit.events_of(cast.agency).filter(actor=cast.stranger).exists()


def test_a_company_does_not_read_of_its_agencys_other_doings(cast: Cast) -> None:
    services.change_agency(cast.agency, actor(cast.owner), name="Nord & Fils")
    assert "agency.changed" not in [event.verb for event in audit.events_of(cast.client)]


def test_an_actor_is_known_by_address_and_a_program_by_its_tokens_name(cast: Cast) -> None:
    made(cast.client, cast.owner)
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.7")
    request.user = cast.owner
    assert Actor.of(request) == Actor("owner@people.example", cast.owner, "192.0.2.7")
    request.token = token = cast.client.apitoken_set.get()  # type: ignore[attr-defined]
    assert Actor.of(request).label == f"API: warehouse …{token.ending}"


def test_a_line_whose_sentence_lacks_a_word_is_refused_when_it_is_written(cast: Cast) -> None:
    with pytest.raises(KeyError):
        audit.record("client.closed", actor(cast.owner), organisation=cast.client, client="x")
    with pytest.raises(KeyError):
        audit.record("no.such.verb", actor(cast.owner))


def test_every_verb_in_the_code_has_a_sentence() -> None:
    assert "client.created" in set(recorded_verbs())
    assert set(recorded_verbs()) <= SENTENCES.keys()
