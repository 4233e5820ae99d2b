"""GET requests to an endpoint, and plain words for every way in which they fail."""

from __future__ import annotations

import email.utils
import http.client
import ipaddress
import json
import re
import socket
import ssl
import urllib.error
import urllib.request
from datetime import datetime, timezone
from typing import IO, Any
from urllib.parse import urlsplit

from toolvitals.sources._deadline import BoundedHandler, BoundedTlsHandler
from toolvitals.sources._source import NotAllowedError, NotReachedError
from toolvitals.sources.text import printable

__all__ = ["Connection"]

# The largest store of toolvitals is 1 GiB; what is larger than this is not read on a terminal.
_MAX_BODY_BYTES = 256 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024
_MAX_EXPLANATION_BYTES = 4096
_MAX_TIMEOUT_S = 86_400
_ROUTES = ("/metrics.json", "/metrics", "/health")
_NOT_LET_IN = frozenset({http.HTTPStatus.UNAUTHORIZED, http.HTTPStatus.FORBIDDEN})


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Makes an error of every redirect: following one would show the token to another server."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> None:
        raise urllib.error.HTTPError(req.full_url, code, f"redirect to {newurl}", headers, fp)

    http_error_308 = urllib.request.HTTPRedirectHandler.http_error_302


class Connection:
    """An endpoint's address, with what a request to it needs. `url` is without a route. Not thread-safe."""

    def __init__(self, url: str, token: str, timeout_s: float) -> None:
        """`url` is http or https, with a host, and may end in a route of toolvitals; `timeout_s` is how many seconds
        a whole answer may take, above 0 and at most 86,400. ValueError for a bad URL, token or timeout; it does not
        repeat a token."""
        self.url = _base(url)
        self._token = token
        self._timeout_s = _checked(timeout_s)
        if not re.fullmatch(r"[!-~]{0,4096}", token):
            raise ValueError("the token must be at most 4096 visible ASCII characters without spaces")
        handlers: list[urllib.request.BaseHandler] = [_NoRedirects(), BoundedHandler(), BoundedTlsHandler()]
        if _is_loopback(urlsplit(self.url).hostname or ""):
            # A proxy that the environment names has a loopback address of its own.
            handlers.append(urllib.request.ProxyHandler({}))
        self._opener = urllib.request.build_opener(*handlers)

    def get(self, route: str, accept: str) -> tuple[bytes, datetime | None]:
        """The body at a route, and the time of the answer's `Date` header.

        NotAllowedError where the endpoint does not let the reader in, NotReachedError where there is no good answer.
        """
        headers = {"Accept": accept}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        request = urllib.request.Request(self.url + route, headers=headers)
        try:
            with self._opener.open(request, timeout=self._timeout_s) as response:
                self._check_type(response.headers.get_content_type(), accept)
                return self._body(response), _date(response.headers.get("Date"))
        except urllib.error.HTTPError as error:
            with error:
                # Who is not let in has to be asked for in another way; everything else is the service's.
                failure = NotAllowedError if error.code in _NOT_LET_IN else NotReachedError
                raise failure(self._refusal(error, route)) from error
        except urllib.error.URLError as error:
            raise NotReachedError(self._unreachable(error.reason)) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NotReachedError(self._unreachable(error)) from error

    def _check_type(self, answered: str, accept: str) -> None:
        asked = accept.partition(";")[0]
        if answered != asked:
            raise NotReachedError(
                f"{self.url} answered with {printable(answered)} instead of {asked}: is it an endpoint of toolvitals?"
            )

    def _body(self, response: http.client.HTTPResponse) -> bytes:
        chunks, size = [], 0
        while chunk := response.read1(_CHUNK_BYTES):
            chunks.append(chunk)
            size += len(chunk)
            if size > _MAX_BODY_BYTES:
                raise NotReachedError(f"{self.url} answered with more than {_MAX_BODY_BYTES // 1024**2} MiB")
        if response.length:
            raise NotReachedError(f"{self.url} closed the connection in the middle of its answer")
        return b"".join(chunks)

    def _refusal(self, error: urllib.error.HTTPError, route: str) -> str:
        if error.code == http.HTTPStatus.UNAUTHORIZED:
            return f"{self.url} " + (
                "wants another token than the one it was given"
                if self._token
                else "wants a token: give it the METRICS_AUTH_TOKEN of the service"
            )
        if error.code == http.HTTPStatus.NOT_FOUND:
            return f"{self.url} has no {route.partition('?')[0]}: is it an endpoint of toolvitals?"
        return f"{self.url} answered with status {error.code} ({_explanation(error)})"

    def _unreachable(self, reason: object) -> str:
        if isinstance(reason, TimeoutError):
            return f"{self.url} gave no answer within {self._timeout_s:g} s"
        if isinstance(reason, ConnectionRefusedError):
            return f"nothing listens at {self.url}: does the server run, does it call start(), and is that its port?"
        if isinstance(reason, socket.gaierror):
            return f"{self.url} has a host that is not known ({reason.strerror})"
        if isinstance(reason, ssl.SSLError):
            return f"{self.url} did not agree on TLS ({printable(reason.reason or str(reason))})"
        if isinstance(reason, http.client.HTTPException):
            return f"{self.url} answered with what is no HTTP ({type(reason).__name__})"
        return f"{self.url} was not reached ({printable(str(reason))})"


def _checked(timeout_s: Any) -> float:
    if isinstance(timeout_s, bool) or not isinstance(timeout_s, (int, float)) or not 0 < timeout_s <= _MAX_TIMEOUT_S:
        raise ValueError(
            f"timeout_s={timeout_s!r} is not allowed: it must be a number of seconds above 0 and at most"
            f" {_MAX_TIMEOUT_S:,}"
        )
    return float(timeout_s)


def _base(url: str) -> str:
    """The address without a route; ValueError where it is none."""
    shown = printable(url)
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        port = parts.port
    except ValueError as error:
        raise ValueError(f"the URL {shown} has a host or a port that is none") from error
    if parts.username is not None or parts.password is not None:
        raise ValueError("the URL must hold no user and no password: give the token beside it")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"the URL {shown} must be http://host:port or https://host:port")
    if parts.query or parts.fragment or not re.fullmatch(r"[!-~]*", parts.netloc + parts.path):
        raise ValueError(f"the URL {shown} must be an address of ASCII characters, without a query")
    path = parts.path.rstrip("/")
    for route in _ROUTES:
        if path.endswith(route):
            path = path[: -len(route)]
            break
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{'' if port is None else f':{port}'}{path}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _date(header: str | None) -> datetime | None:
    if header is None:
        return None
    try:
        date = email.utils.parsedate_to_datetime(header)
    except (ValueError, TypeError):
        return None
    return date if date.tzinfo is not None else date.replace(tzinfo=timezone.utc)


def _explanation(error: urllib.error.HTTPError) -> str:
    """What the server says of its refusal, or else the status's own words."""
    try:
        said = json.loads(error.read(_MAX_EXPLANATION_BYTES))["error"]
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError, RecursionError):
        said = error.reason
    return printable(str(said))
