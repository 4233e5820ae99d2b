"""An endpoint, read over HTTP."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlencode

from toolvitals.snapshot import Snapshot
from toolvitals.sources._http import Connection
from toolvitals.sources._source import FORMATS, Format, Observation, check_format, now
from toolvitals.sources.document import snapshot_of

__all__ = ["Endpoint"]

# Beside what instruments have also the families of tools, caches, processes and toolvitals itself.
_EVERYTHING = "/metrics.json?families=all"


class Endpoint:
    """An endpoint that `tv.start()` opened, of whichever process of a service answers. Not thread-safe.

    Redirects are not followed, and a proxy of the environment is not asked for a loopback address: either could show
    the token to somebody else. Only JSON is read, of 256 MiB at most.
    """

    def __init__(self, url: str, token: str = "", timeout_s: float = 5.0) -> None:
        """`url` is http or https with a host, and may end in a route of toolvitals; `token` is the METRICS_AUTH_TOKEN
        of the service. `timeout_s` is how many seconds a whole answer may take, from the connection to its last byte:
        above 0 and at most 86,400. ValueError for a bad URL, timeout or token, of which the last is not repeated in
        the message."""
        self._connection = Connection(url, token, timeout_s)
        self.title = self.url = self._connection.url

    def read(self) -> Snapshot:
        """A snapshot. NotReachedError where nothing answers or what answers is not toolvitals; NotAllowedError where
        the endpoint wants another token."""
        return self.observe().snapshot

    def observe(self) -> Observation:
        """A snapshot with the time that the server's clock showed. Errors are read()'s."""
        asked_at = now()
        body, date = self._connection.get(_EVERYTHING, FORMATS["json"])
        return Observation(snapshot_of(body, self.title), asked_at, now(), date)

    def render(self, format: Format, names: Collection[str] = ()) -> bytes:  # noqa: A002 (its name everywhere)
        """An exposition, of the families of these names where there are any; see `Source`. Errors are read()'s."""
        check_format(format)
        if format == "json":
            return self._connection.get("/metrics.json", FORMATS[format])[0]
        query = urlencode([("name[]", name) for name in names])
        return self._connection.get(f"/metrics?{query}" if query else "/metrics", FORMATS[format])[0]
