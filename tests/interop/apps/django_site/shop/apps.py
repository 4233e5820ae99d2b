"""The application; it serves metrics when it is ready."""

from __future__ import annotations

from typing import ClassVar

from django.apps import AppConfig

import toolvitals as tv


class ShopConfig(AppConfig):
    name = "shop"
    handle: ClassVar[tv.Endpoints]

    def ready(self) -> None:
        type(self).handle = tv.start()
