"""Scrapes as text, and the ways to hand them out."""

from __future__ import annotations

from toolvitals.prometheus._apps import make_asgi_app, make_wsgi_app
from toolvitals.prometheus._negotiation import choose_encoder, gzip_accepted
from toolvitals.prometheus._text import (
    CONTENT_TYPE_LATEST,
    CONTENT_TYPE_PLAIN_0_0_4,
    CONTENT_TYPE_PLAIN_1_0_0,
    generate_latest,
)
from toolvitals.prometheus._textfile import write_to_textfile

__all__ = [
    "CONTENT_TYPE_LATEST",
    "CONTENT_TYPE_PLAIN_0_0_4",
    "CONTENT_TYPE_PLAIN_1_0_0",
    "choose_encoder",
    "generate_latest",
    "gzip_accepted",
    "make_asgi_app",
    "make_wsgi_app",
    "write_to_textfile",
]
