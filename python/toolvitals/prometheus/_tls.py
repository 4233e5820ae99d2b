"""TLS contexts whose errors say which file is at fault."""

from __future__ import annotations

import ssl

__all__ = ["server_context"]


def server_context(
    certfile: str,
    keyfile: str | None = None,
    cafile: str | None = None,
    capath: str | None = None,
    protocol: int = ssl.PROTOCOL_TLS_SERVER,
    client_auth_required: bool = False,
    tls_min_version: ssl.TLSVersion | None = None,
    tls_max_version: ssl.TLSVersion | None = None,
) -> ssl.SSLContext:
    """A server's context. OSError, of which ssl.SSLError is one, for a file that cannot be used; it names the file."""
    context = ssl.SSLContext(protocol)
    try:
        if cafile or capath:
            context.load_verify_locations(cafile or None, capath or None)
        else:
            context.load_default_certs(ssl.Purpose.CLIENT_AUTH)
    except OSError as error:
        raise _named(error, f"the authorities of clients in {cafile!r} or {capath!r}") from error
    try:
        context.load_cert_chain(certfile, keyfile or None)
    except OSError as error:
        raise _named(error, f"the certificate in {certfile!r} with its key in {keyfile or certfile!r}") from error
    if client_auth_required:
        context.verify_mode = ssl.CERT_REQUIRED
    if tls_min_version is not None:
        context.minimum_version = tls_min_version
    if tls_max_version is not None:
        context.maximum_version = tls_max_version
    return context


def _named(error: OSError, what: str) -> OSError:
    """The error of the same class, with the file in its text."""
    return type(error)(error.errno, f"cannot load {what}: {error.strerror or error}")
