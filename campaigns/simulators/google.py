"""Signing in with Google, which Google Ads and Google Analytics share: the consent page and the token endpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import ClassVar
from urllib.parse import parse_qsl

from campaigns.simulators import Answer, PlatformSimulator, Request
from campaigns.simulators.business import Ledger
from campaigns.simulators.consent import Consent, InvalidGrantError
from campaigns.simulators.tokens import RevokedTokenError, UnknownTokenError

CLIENT_ID = "simulated-client.apps.example"
CLIENT_SECRET = "simulated-client-secret"
LIFETIME = 3599.0
# Somebody of the agency, who sees the accounts of all businesses.
AGENCY = "atelier-nord"
STATUSES = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED"}


class GoogleSimulator(PlatformSimulator):
    """A platform behind Google's sign-in."""

    scope: ClassVar[str]
    lifetime = LIFETIME

    def __init__(self, ledgers: Mapping[str, Ledger], as_of: Callable[[], date]) -> None:
        super().__init__(ledgers, as_of)
        self.consent = Consent("Google", CLIENT_ID, self.users)

    def people(self) -> dict[str, str]:
        return {AGENCY: "Atelier Nord (agency)"} | super().people()

    def google_settings(self, url: str) -> dict[str, str]:
        return {
            "base_url": url,
            "authorize_url": f"{url}/consent",
            "token_url": f"{url}/token",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
        }

    def secret(self, user: str = "") -> dict[str, str]:
        return {"refresh_token": self.tokens.refresh_token(user or AGENCY)}

    def signed_in(self, request: Request) -> Answer | None:
        """The answer to a request of the sign-in; None for any other."""
        if request.path == "/consent" and request.method in ("GET", "POST"):
            return self.consent.answer(request)
        if request.path == "/token" and request.method == "POST":
            return self._token(dict(parse_qsl(request.body.decode())))
        return None

    def slugs(self, user: str) -> list[str]:
        """The businesses whose accounts this user may see."""
        return list(self.ledgers) if user == AGENCY else [user]

    def _token(self, form: dict[str, str]) -> Answer:
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return _refused("invalid_client", "The OAuth client was not found.", 401)
        answer: dict[str, object] = {"expires_in": int(LIFETIME), "scope": self.scope, "token_type": "Bearer"}
        try:
            if form.get("grant_type") == "refresh_token":
                user = self.tokens.renewing(form.get("refresh_token", ""))
            elif form.get("grant_type") == "authorization_code":
                user, is_offline = self.consent.redeem(form)
                self.tokens.allow(user)
                answer |= {"refresh_token": self.tokens.refresh_token(user)} if is_offline else {}
            else:
                return _refused("unsupported_grant_type", "Invalid grant_type.")
        except InvalidGrantError as refused:
            return _refused("invalid_grant", str(refused))
        except (UnknownTokenError, RevokedTokenError):
            return _refused("invalid_grant", "Token has been expired or revoked.")
        return Answer.json({"access_token": self.tokens.give(user)} | answer)


def _refused(error: str, description: str, status: int = 400) -> Answer:
    return Answer.json({"error": error, "error_description": description}, status)
