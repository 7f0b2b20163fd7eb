"""Nobody sees a client who may not: through the addresses, as each of the cast."""

from __future__ import annotations

import pytest
from django.test import Client as Browser

from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def test_a_stranger_cannot_tell_a_client_from_none(cast: Cast, signed_in) -> None:
    browser = signed_in(cast.stranger)
    assert browser.get("/c/lumen/").status_code == 404
    assert browser.get("/c/lumen/").content == browser.get("/c/nobody/").content
