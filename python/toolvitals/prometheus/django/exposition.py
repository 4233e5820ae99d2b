"""A registry as a view of Django."""

from __future__ import annotations

import os
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views import View

from toolvitals.prometheus._apps import answer
from toolvitals.prometheus.multiprocess import MultiProcessCollector
from toolvitals.prometheus.registry import REGISTRY, Collector, CollectorRegistry

__all__ = ["PrometheusDjangoView"]


class PrometheusDjangoView(View):
    """Answers as make_wsgi_app() does: `path("metrics", PrometheusDjangoView.as_view())`.

    `registry` is the one to show; where it is None, the default one, or in `multiprocess_mode` what
    MultiProcessCollector collects. Both are arguments of as_view() as well.
    """

    multiprocess_mode: bool = "PROMETHEUS_MULTIPROC_DIR" in os.environ or "prometheus_multiproc_dir" in os.environ
    registry: Collector | None = None

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The scrape, for GET and for HEAD."""
        return self._answer(request)

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Which methods there are."""
        return self._answer(request)

    def _answer(self, request: HttpRequest) -> HttpResponse:
        status, headers, body = answer(
            self._registry(),
            str(request.method),
            request.path_info,
            request.META.get("QUERY_STRING", "").encode("latin-1"),
            request.headers.get("Accept"),
            request.headers.get("Accept-Encoding"),
        )
        return HttpResponse(body, status=int(status.split(" ", 1)[0]), headers=dict(headers))

    def _registry(self) -> Collector:
        if self.registry is not None:
            return self.registry
        if not self.multiprocess_mode:
            return REGISTRY
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
        return registry
