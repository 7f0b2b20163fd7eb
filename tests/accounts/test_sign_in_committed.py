"""What shows only when changes are committed: that processes count together, and what follows a second factor."""

from __future__ import annotations

import re
import subprocess
import sys
from os import environ

from django.conf import settings

from accounts.models import AuditEvent
from tests.accounts.test_second_factor import code
from tests.accounts.test_sign_in import WRONG, Outbox, nobody, signs_in, words
from tests.conftest import PASSWORD, Cast


def test_processes_count_together(own_database: str, cast: Cast) -> None:
    program = (
        "import django; django.setup()\n"
        "from django.test import Client\n"
        "wrong = {'login': 'viewer@people.example', 'password': 'x'}\n"
        "for _ in range(4): Client(SERVER_NAME='localhost').post('/accounts/login/', wrong)"
    )
    environment = environ | {"DATABASE_URL": own_database, "DJANGO_SETTINGS_MODULE": "config.settings"}
    subprocess.run([sys.executable, "-c", program], check=True, cwd=settings.BASE_DIR, env=environment, timeout=60)
    guess = {"login": cast.viewer.email, "password": WRONG}
    assert "do not belong together" in words(nobody(), "/accounts/login/", **guess)
    assert "Too many attempts" in words(nobody(), "/accounts/login/", **guess | {"password": PASSWORD})


def test_an_app_is_set_up_by_scanning_and_giving_a_code(own_database: str, cast: Cast, mailoutbox: Outbox) -> None:
    browser, elsewhere = signs_in(cast.viewer), signs_in(cast.viewer)
    page = browser.get("/accounts/2fa/totp/activate/").content.decode()
    assert "<svg" in page
    secret = re.sub(r"\s", "", re.findall(r'<code class="secret">(.*?)</code>', page)[0])
    codes = words(browser, "/accounts/2fa/totp/activate/", code=code(secret))
    assert len(re.findall(r"\b\d{8}\b", codes)) == 10
    assert "10 recovery codes left" in words(browser, "/profile/")
    assert elsewhere.get("/c/lumen/").status_code == 302
    assert browser.get("/c/lumen/").status_code == 200
    assert [mail.subject for mail in mailoutbox] == ["Two-step verification was turned on · Agence Nord"]
    verbs = set(AuditEvent.objects.filter(actor=cast.viewer).values_list("verb", flat=True))
    assert verbs == {"second_factor.added", "recovery_codes.made"}
