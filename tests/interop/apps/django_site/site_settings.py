"""Settings of a small project."""

from __future__ import annotations

SECRET_KEY = "for a test"
DEBUG = True
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["shop.apps.ShopConfig"]
ROOT_URLCONF = "shop.urls"
DATABASES: dict[str, object] = {}
