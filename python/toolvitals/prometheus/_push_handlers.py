"""The ways to send a request to a Pushgateway: plainly, authenticated, over TLS, through redirects."""

from __future__ import annotations

import base64
import io
import ssl
from collections.abc import Callable, Sequence
from http.client import HTTPException, HTTPMessage, InvalidURL
from typing import IO
from urllib.error import HTTPError
from urllib.request import BaseHandler, HTTPRedirectHandler, HTTPSHandler, Request, build_opener

__all__ = [
    "Headers",
    "basic_auth_handler",
    "default_handler",
    "passthrough_redirect_handler",
    "tls_auth_handler",
]

Headers = list[tuple[str, str]]

_MAX_EXPLANATION_BYTES = 4096
_REDIRECTS = (301, 302, 303, 307, 308)


def default_handler(url: str, method: str, timeout: float | None, headers: Headers, data: bytes) -> Callable[[], None]:
    """Sends by HTTP or HTTPS. A redirect is an error, for following it would lose what is pushed."""
    return _sender(url, method, timeout, headers, data, _NoRedirects())


def passthrough_redirect_handler(
    url: str, method: str, timeout: float | None, headers: Headers, data: bytes
) -> Callable[[], None]:
    """Sends as default_handler() does, and repeats the request, with its data and headers, where a redirect points.

    For gateways whose redirects are trusted: a redirect to another host gets the credentials as well.
    """
    return _sender(url, method, timeout, headers, data, _SameRequest())


def basic_auth_handler(
    url: str,
    method: str,
    timeout: float | None,
    headers: Headers,
    data: bytes,
    username: str | None = None,
    password: str | None = None,
) -> Callable[[], None]:
    """Sends as default_handler() does, with basic authentication where both name and password are given."""
    if username is not None and password is not None:
        credentials = base64.b64encode(f"{username}:{password}".encode()).decode()
        headers = [*headers, ("Authorization", f"Basic {credentials}")]
    return default_handler(url, method, timeout, headers, data)


def tls_auth_handler(
    url: str,
    method: str,
    timeout: float | None,
    headers: Headers,
    data: bytes,
    certfile: str,
    keyfile: str,
    cafile: str | None = None,
    protocol: int = ssl.PROTOCOL_TLS_CLIENT,
    insecure_skip_verify: bool = False,
) -> Callable[[], None]:
    """Sends by HTTPS with a client's certificate.

    The server's is verified by the authorities in `cafile`, or the system's; with `insecure_skip_verify` by none.
    """
    context = ssl.SSLContext(protocol)
    if cafile is None:
        context.load_default_certs()
    else:
        context.load_verify_locations(cafile)
    if insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(certfile, keyfile)
    return _sender(url, method, timeout, headers, data, _NoRedirects(), HTTPSHandler(context=context))


def _sender(
    url: str,
    method: str,
    timeout: float | None,
    headers: Sequence[tuple[str, str]],
    data: bytes,
    *handlers: BaseHandler,
) -> Callable[[], None]:
    def send() -> None:
        request = Request(url, data=data, headers=dict(headers), method=method)
        try:
            with build_opener(*handlers).open(request, timeout=timeout):
                pass
        except HTTPError as error:
            raise _explained(error) from error
        except HTTPException as error:
            if isinstance(error, (OSError, InvalidURL)):
                raise
            raise OSError(f"what is at {url} does not speak HTTP: {error!r}") from error

    return send


def _explained(error: HTTPError) -> HTTPError:
    """The error with what the gateway says about it."""
    body = error.read(_MAX_EXPLANATION_BYTES)
    error.close()
    words = body.decode("utf-8", "replace").strip()
    message = f"{error.msg}: {words}" if words else error.msg
    return HTTPError(error.url, error.code, message, error.headers, io.BytesIO(body))


class _AnyRedirects(HTTPRedirectHandler):
    """Looks at every redirect there is; Python 3.10 knows no 308."""

    http_error_308 = HTTPRedirectHandler.http_error_302


class _NoRedirects(_AnyRedirects):
    """Makes an error of every redirect."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        raise HTTPError(req.full_url, code, f"{msg} to {newurl}", headers, fp)


class _SameRequest(_AnyRedirects):
    """Follows redirects with the method and the data of the first request."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        if code not in _REDIRECTS:
            raise HTTPError(req.full_url, code, msg, headers, fp)
        return Request(
            newurl.replace(" ", "%20"),
            data=req.data,
            headers=req.headers,
            origin_req_host=req.origin_req_host,
            unverifiable=True,
            method=req.get_method(),
        )
