"""Speaking to a simulated platform as the product would: signed in, over real HTTP."""

from __future__ import annotations

import httpx

from campaigns.simulators.server import Simulator

# Reading the certificates anew for every client would take most of the time of these tests.
TLS = httpx.create_ssl_context()


def plain_client(simulator: Simulator, source: str) -> httpx.Client:
    """Nobody has signed in. The timeout leaves room for a story that is told for the first time."""
    return httpx.Client(base_url=f"{simulator.url}/{source}", verify=TLS, trust_env=False, timeout=60)


def signed_client(simulator: Simulator, source: str, user: str = "") -> httpx.Client:
    """Signed in as `user` by the credential of the stand-in, renewed where it must be."""
    secret, settings = simulator.secret(source, user), simulator.settings(source)
    token = secret.get("access_token", "")
    if not token:
        form = {name: settings[name] for name in ("client_id", "client_secret")} | secret
        with plain_client(simulator, source) as stranger:
            token = stranger.post(settings["token_url"], data=form | {"grant_type": "refresh_token"}).json()["access_token"]
    client = plain_client(simulator, source)
    client.headers["Authorization"] = f"Bearer {token}"
    return client
