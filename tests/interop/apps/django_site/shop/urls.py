"""The one page; it answers with its process and its metrics."""

from __future__ import annotations

import os

from django.http import HttpRequest, JsonResponse
from django.urls import path

import toolvitals as tv
from shop.apps import ShopConfig


@tv.tool
def page(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"pid": os.getpid(), "url": ShopConfig.handle.json_url})


urlpatterns = [path("", page)]
