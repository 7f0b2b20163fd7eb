"""Where a person is signed in: noted now and then, shown in words, ended by hand or when their sign-in gets safer."""

from __future__ import annotations

import time
from collections.abc import Callable

from allauth.usersessions.internal.flows.sessions import end_other_sessions
from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

__all__ = ["SessionStore", "TrackSessions", "device", "end_other_sessions"]

NOTED = "noted_at"
# Writing at every request would cost more than the request.
NOTE_EVERY = 300
# What each says of itself, the particular before the general: Edge calls itself Chrome, and Chrome Safari.
BROWSERS = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "CriOS/": "Chrome", "Safari/": "Safari"}
SYSTEMS = {
    **{name: name for name in ("iPhone", "iPad", "Android", "Windows")},
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


class SessionStore(db.SessionStore):
    """A cookie that no session of ours can have is none: the database refuses to look for some."""

    def _validate_session_key(self, key: str | None) -> bool:
        return bool(key) and 8 <= len(key or "") <= 40 and set(key or "") <= set(VALID_KEY_CHARS)


class TrackSessions:
    """Keeps when and from where each session was last seen, to five minutes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.user.is_authenticated and time.time() - request.session.get(NOTED, 0) > NOTE_EVERY:
            request.session[NOTED] = time.time()
            UserSession.objects.create_from_request(request)
        return self.get_response(request)


def device(user_agent: str) -> str:
    """A browser and a system as people call them, such as “Firefox on Windows”."""
    browser, system = _first(BROWSERS, user_agent), _first(SYSTEMS, user_agent)
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("Unknown browser")


def _first(names: dict[str, str], text: str) -> str:
    return next((name for sign, name in names.items() if sign in text), "")
