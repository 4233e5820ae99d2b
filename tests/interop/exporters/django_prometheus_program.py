"""A Django service with django-prometheus: middleware, database, cache, models and migrations."""

from __future__ import annotations

import sys
from types import ModuleType

import django
from django.conf import settings
from django.http import HttpResponse
from django.urls import include, path


def run() -> str:
    urls = ModuleType("program_urls")
    sys.modules["program_urls"] = urls
    settings.configure(
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="program_urls",
        SECRET_KEY="x",
        INSTALLED_APPS=["django_prometheus"],
        DATABASES={"default": {"ENGINE": "django_prometheus.db.backends.sqlite3", "NAME": ":memory:"}},
        CACHES={"default": {"BACKEND": "django_prometheus.cache.backends.locmem.LocMemCache"}},
        PROMETHEUS_EXPORT_MIGRATIONS=True,
        PROMETHEUS_LATENCY_BUCKETS=(0.5, 30, float("inf")),
        MIDDLEWARE=[
            "django_prometheus.middleware.PrometheusBeforeMiddleware",
            "django_prometheus.middleware.PrometheusAfterMiddleware",
        ],
    )
    django.setup()

    from django.core.cache import cache
    from django.db import connection, models
    from django.test import Client
    from django_prometheus.models import ExportModelOperationsMixin

    class Lawn(ExportModelOperationsMixin("lawn"), models.Model):  # type: ignore[misc]
        place = models.CharField(max_length=10)

        class Meta:
            app_label = "garden"

    def lawns(request: object) -> HttpResponse:
        cache.get("missing")
        cache.set("there", 1)
        cache.get("there")
        lawn = Lawn.objects.create(place="north")
        lawn.place = "south"
        lawn.save()
        lawn.delete()
        return HttpResponse(f"{Lawn.objects.count()}")

    def fail(request: object) -> HttpResponse:
        raise ValueError("on purpose")

    urls.urlpatterns = [  # type: ignore[attr-defined]
        path("", include("django_prometheus.urls")),
        path("lawns", lawns, name="lawns"),
        path("fail", fail, name="fail"),
    ]
    with connection.schema_editor() as editor:
        editor.create_model(Lawn)
    client = Client(raise_request_exception=False)
    for target in ("/lawns", "/lawns", "/fail", "/nowhere"):
        client.get(target)
    client.post("/lawns", {"a": "b"})
    return str(client.get("/metrics").content.decode())
