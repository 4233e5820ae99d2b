"""How tests ask an endpoint: httpx, without the environment's proxies, and with fields named as arguments can be."""

from __future__ import annotations

import ssl

import httpx

__all__ = ["Client", "fetch"]

TIMEOUT_SECONDS = 30.0


class Client:
    """One connection, kept."""

    def __init__(self, base_url: str = "", context: ssl.SSLContext | None = None) -> None:
        # No coding is accepted that a test does not ask for. The authorities of the system take long to load, and only
        # a test's own are trusted.
        self._client = httpx.Client(
            base_url=base_url,
            headers={"Accept-Encoding": "identity"},
            verify=context or False,
            trust_env=False,
            timeout=TIMEOUT_SECONDS,
        )

    def ask(self, url: str, method: str = "GET", **headers: str) -> httpx.Response:
        """The answer, whatever its status; what was compressed is its `content` again. `If_None_Match` is a field."""
        return self._client.request(method, url, headers={name.replace("_", "-"): v for name, v in headers.items()})

    def close(self) -> None:
        self._client.close()


def fetch(url: str, method: str = "GET", context: ssl.SSLContext | None = None, **headers: str) -> httpx.Response:
    """One request on a connection of its own."""
    client = Client(context=context)
    try:
        return client.ask(url, method, **headers)
    finally:
        client.close()
