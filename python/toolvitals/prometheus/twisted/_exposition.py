"""A registry as a resource of Twisted."""

from __future__ import annotations

from typing import Any

from twisted.web.wsgi import WSGIResource

from toolvitals.prometheus._apps import make_wsgi_app
from toolvitals.prometheus.registry import REGISTRY, Collector

__all__ = ["MetricsResource"]


def MetricsResource(registry: Collector = REGISTRY) -> Any:
    """A resource that answers as make_wsgi_app() does, in the reactor's threads, for itself and all below it."""
    # Importing the reactor installs one, and which one is the program's to say until it needs this resource.
    from twisted.internet import reactor

    # Twisted says the types of neither.
    running: Any = reactor
    resource: Any = WSGIResource
    return resource(running, running.getThreadPool(), make_wsgi_app(registry))
