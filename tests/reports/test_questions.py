"""A client asks about a figure; those who look after it answer, and the answer stands beside the figure."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import audit
from accounts.models import Client, Role, User
from accounts.services import add_member
from accounts.tenancy import inside
from jobs import worker
from reports import questions
from reports.archive.models import Question
from tests.conftest import Cast
from tests.mail_server import MailServer

FIGURE = "/c/lumen/kpis/leads/?from=2026-11-09&to=2026-11-15"
ASK = "/c/lumen/questions/ask/leads/?from=2026-11-09&to=2026-11-15"
LIST = "/c/lumen/questions/"
WHY = "Why only <b>two</b>?\nAnd from where?"


def text(answer: Any) -> str:
    page = re.sub(r"<script.*?</script>|<svg.*?</svg>|<[^>]+>", " ", answer.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", unescape(page)).strip()


@pytest.fixture
def manager(cast: Cast) -> User:
    """Looks after Maison Lumen at the agency."""
    person = User.objects.create_user("manager@people.example", "a long enough password", language="fr")
    add_member(person, Role.MANAGER, agency=cast.agency, client=cast.client)
    return person


def test_a_viewer_asks_the_manager_answers_and_both_get_a_mail(
    reported: Client, cast: Cast, manager: User, signed_in: Any, mail_server: MailServer
) -> None:
    viewer, answering = signed_in(cast.viewer), signed_in(manager)
    assert viewer.post(ASK, {"text": WHY})["Location"] == f"{FIGURE}#questions"
    worker.work_off()
    [asked] = mail_server.messages()
    # In the language of whoever reads it; the owner, who has people for this, is not written to.
    assert (asked["To"], asked["Subject"]) == ("manager@people.example", "Maison Lumen a une question sur Leads · Agence Nord")
    html, plain = asked.get_body(("html",)).get_content(), asked.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Why only &lt;b&gt;two&lt;/b&gt;?" in html
    assert "<b>two" not in html
    assert "Why only <b>two</b>?" in plain
    assert "du 9 au 15 novembre 2026 · Leads · 2" in plain
    kept = Question.objects.get()
    assert f"/c/lumen/questions/{kept.pk}/" in plain
    assert (kept.value, kept.since.isoformat(), kept.asker) == ("2", "2026-11-09", cast.viewer.email)

    assert "Waiting for an answer" in text(viewer.get(LIST))
    assert viewer.post(f"{LIST}{kept.pk}/", {"text": "me"}).status_code == 403
    answer = {"text": "Two & a half: <script>alert(1)</script>"}
    assert answering.post(f"{LIST}{kept.pk}/", answer).status_code == 302
    worker.work_off()
    answered = mail_server.messages()[1]
    assert answered["To"] == cast.viewer.email
    assert "<script>" not in answered.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "Two & a half: <script>alert(1)</script>" in answered.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    page = viewer.get(FIGURE)
    assert "Two &amp; a half: &lt;script&gt;alert(1)" in page.content.decode()
    assert "<script>alert" not in page.content.decode()
    assert "at that time 2" in text(page)
    # Elsewhere it is not beside the figure.
    assert "Two &amp; a half" not in viewer.get("/c/lumen/kpis/leads/?from=2026-10-05&to=2026-10-11").content.decode()
    assert "Two &amp; a half" not in viewer.get(f"{FIGURE}&channel=email").content.decode()
    assert [event.verb for event in audit.events_of(reported)[:2]] == ["question.answered", "question.asked"]
    assert audit.sentence(audit.events_of(reported)[0]) == "answered the question of viewer@people.example about Leads"


def test_without_a_manager_the_owner_is_asked_and_whoever_left_is_told_nothing(
    reported: Client, cast: Cast, signed_in: Any, mail_server: MailServer
) -> None:
    signed_in(cast.viewer).post(f"{ASK}&channel=email", {"text": "From which mailing?"})
    worker.work_off()
    assert [message["To"] for message in mail_server.messages()] == [cast.owner.email]
    kept = Question.objects.get()
    assert (kept.value, kept.channels) == ("1", ["email"])
    cast.viewer.memberships.all().delete()
    signed_in(cast.owner).post(f"{LIST}{kept.pk}/", {"text": "The one of Monday."})
    worker.work_off()
    assert len(mail_server.messages()) == 1
    assert "The one of Monday." in text(signed_in(cast.analyst).get(f"{FIGURE}&channel=email"))


def test_a_question_is_closed_and_opened_by_whoever_asked_or_answers(reported: Client, cast: Cast, signed_in: Any) -> None:
    viewer, analyst = signed_in(cast.viewer), signed_in(cast.analyst)
    viewer.post(ASK, {"text": "Why?"})
    kept = Question.objects.get()
    address = f"{LIST}{kept.pk}/close/"
    assert analyst.post(address).status_code == 404
    assert signed_in(cast.stranger).post(address).status_code == 404
    viewer.post(address)
    assert "No question waits." in text(viewer.get(LIST))
    assert "closed" in text(viewer.get(f"{LIST}{kept.pk}/"))
    signed_in(cast.owner).post(address, {"again": "yes"})
    assert "No question waits." not in text(viewer.get(LIST))
    assert "waits for an answer" in text(viewer.get(f"{LIST}{kept.pk}/"))
    verbs = [event.verb for event in audit.events_of(reported)[:3]]
    assert verbs == ["question.reopened", "question.closed", "question.asked"]


def test_nobody_is_drowned_in_questions(reported: Client, cast: Cast, signed_in: Any) -> None:
    viewer = signed_in(cast.viewer)
    for _number in range(questions.MOST_OF_PERSON):
        assert viewer.post(ASK, {"text": "Why?"}).status_code == 302
    refused = viewer.post(ASK, {"text": "Why again?"})
    assert refused.status_code == 422
    assert "You have asked a lot lately" in text(refused)
    assert "Why again?" in refused.content.decode()
    assert Question.objects.count() == questions.MOST_OF_PERSON
    assert signed_in(cast.analyst).post(ASK, {"text": "And I?"}).status_code == 302
    for wrong in ("", " ", "a" * 1001, "a\0b"):
        assert viewer.post(ASK, {"text": wrong}).status_code == 422
    assert viewer.get("/c/lumen/questions/ask/leads/").status_code == 404


def test_the_list_asks_as_often_for_three_questions_as_for_one(reported: Client, cast: Cast, signed_in: Any) -> None:
    owner, viewer = signed_in(cast.owner), signed_in(cast.viewer)

    def asked() -> int:
        for page in (LIST, FIGURE):
            owner.get(page)
        with CaptureQueriesContext(connection) as queries:
            for page in (LIST, FIGURE):
                assert owner.get(page).status_code == 200
        return len(queries)

    def ask_twice() -> None:
        """One of them is answered."""
        for _number in range(2):
            viewer.post(ASK, {"text": "Why?"})
        with inside(reported):
            questions.answer(reported, questions.waiting()[0], "So.", audit.OPERATOR)

    ask_twice()
    one = asked()
    ask_twice()
    assert asked() == one
