"""Scrapes as text, and the ways to hand them out: files, applications, servers, a Pushgateway."""

from __future__ import annotations

# Programs that bring their own server or handler take these from here, as they do from prometheus_client.
from urllib.parse import parse_qs, urlparse
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from toolvitals.prometheus._apps import bake_output as _bake_output
from toolvitals.prometheus._apps import make_wsgi_app
from toolvitals.prometheus._negotiation import choose_encoder, gzip_accepted
from toolvitals.prometheus._push import (
    SNAPPY_AVAILABLE,
    CompressionType,
    delete_from_gateway,
    instance_ip_grouping_key,
    push_to_gateway,
    pushadd_to_gateway,
)
from toolvitals.prometheus._push_handlers import (
    basic_auth_handler,
    default_handler,
    passthrough_redirect_handler,
    tls_auth_handler,
)
from toolvitals.prometheus._server import MetricsHandler, ThreadingWSGIServer, start_http_server, start_wsgi_server
from toolvitals.prometheus._server import SilentHandler as _SilentHandler
from toolvitals.prometheus._text import (
    CONTENT_TYPE_LATEST,
    CONTENT_TYPE_PLAIN_0_0_4,
    CONTENT_TYPE_PLAIN_1_0_0,
    generate_latest,
)
from toolvitals.prometheus._textfile import write_to_textfile
from toolvitals.prometheus.asgi import make_asgi_app
from toolvitals.prometheus.openmetrics import exposition as openmetrics
from toolvitals.prometheus.registry import REGISTRY, Collector
from toolvitals.prometheus.utils import floatToGoString

__all__ = [
    "CONTENT_TYPE_LATEST",
    "CONTENT_TYPE_PLAIN_0_0_4",
    "CONTENT_TYPE_PLAIN_1_0_0",
    "REGISTRY",
    "SNAPPY_AVAILABLE",
    "Collector",
    "CompressionType",
    "MetricsHandler",
    "ThreadingWSGIServer",
    "WSGIRequestHandler",
    "WSGIServer",
    "_SilentHandler",
    "_bake_output",
    "basic_auth_handler",
    "choose_encoder",
    "default_handler",
    "delete_from_gateway",
    "floatToGoString",
    "generate_latest",
    "gzip_accepted",
    "instance_ip_grouping_key",
    "make_asgi_app",
    "make_server",
    "make_wsgi_app",
    "openmetrics",
    "parse_qs",
    "passthrough_redirect_handler",
    "push_to_gateway",
    "pushadd_to_gateway",
    "start_http_server",
    "start_wsgi_server",
    "tls_auth_handler",
    "urlparse",
    "write_to_textfile",
]
