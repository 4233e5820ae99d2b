"""Django Ninja: operations made of signatures."""

from __future__ import annotations

from typing import Any

import django
import pytest
from django.conf import settings

FRAMEWORK = "Django Ninja"
DISTRIBUTION = "django-ninja"

if not settings.configured:
    settings.configure(ALLOWED_HOSTS=["*"], SECRET_KEY="compatibility", ROOT_URLCONF="none", LOGGING_CONFIG=None)
    django.setup()

from ninja import NinjaAPI  # noqa: E402
from ninja.testing import TestClient  # noqa: E402


@pytest.mark.calls(3)
def test_operations(tool: Any) -> object:
    """Operations that are tools, authentication by one."""

    @tool("auth")
    def auth(request: Any) -> str:
        return "ann"

    api = NinjaAPI(urls_namespace=f"compatibility{tool.decorated}")

    @api.get("/items/{number}")
    @tool("read")
    def read(request: Any, number: int, limit: int = 5) -> dict[str, int]:
        """Reads."""
        return {"number": number, "limit": limit}

    @api.get("/who", auth=auth)
    @tool("who")
    def who(request: Any) -> str:
        return request.auth

    client = TestClient(api)
    answers = [client.get("/items/3?limit=2"), client.get("/items/x"), client.get("/who")]
    return [(answer.status_code, answer.json()) for answer in answers]
