"""Django: views, middleware, signals, template tags."""

from __future__ import annotations

import asyncio
import types
from typing import Any

import django
import pytest
from django.conf import settings

FRAMEWORK = "Django"
DISTRIBUTION = "Django"

if not settings.configured:
    settings.configure(ALLOWED_HOSTS=["*"], SECRET_KEY="compatibility", ROOT_URLCONF="none", LOGGING_CONFIG=None)
    django.setup()

from django.http import HttpResponse  # noqa: E402
from django.test import AsyncClient, Client, override_settings  # noqa: E402
from django.urls import path, resolve  # noqa: E402


def urls(*patterns: Any) -> Any:
    """Settings under which these are the URLs."""
    module = types.ModuleType("urls")
    module.urlpatterns = list(patterns)
    return override_settings(ROOT_URLCONF=module)


@pytest.mark.calls(6)
def test_views(tool: Any) -> object:
    """Function views, sync and async, class-based views, by the sync and the async handler."""
    from django.utils.decorators import method_decorator
    from django.views import View
    from django.views.decorators.http import require_GET

    @tool("sync")
    def sync(request: Any, number: int) -> HttpResponse:
        return HttpResponse(f"sync {number}")

    @require_GET
    @tool("async")
    async def later(request: Any) -> HttpResponse:
        return HttpResponse("async")

    class Page(View):
        @method_decorator(require_GET)
        @tool("get")
        def get(self, request: Any) -> HttpResponse:
            return HttpResponse("class")

    async def ask() -> list[Any]:
        client = AsyncClient()
        return [(await client.get(each)).content for each in ("/sync/1", "/async", "/class")]

    with urls(path("sync/<int:number>", sync), path("async", later), path("class", Page.as_view())):
        client = Client()
        answers = [client.get(each).content for each in ("/sync/1", "/async", "/class")]
        return answers, asyncio.run(ask()), resolve("/async").view_name, client.post("/async").status_code


@pytest.mark.calls(4)
def test_signals(tool: Any) -> object:
    """Receivers, held by weak references, sync and async, functions and methods."""
    from django.dispatch import Signal, receiver

    signal, seen = Signal(), []

    @receiver(signal)
    @tool("function")
    def function(sender: Any, **kwargs: Any) -> None:
        seen.append(("function", sender))

    @receiver(signal)
    @tool("async_function")
    async def async_function(sender: Any, **kwargs: Any) -> None:
        seen.append(("async", sender))

    class Listener:
        @tool("method")
        def method(self, sender: Any, **kwargs: Any) -> None:
            seen.append(("method", sender))

    listener = Listener()
    signal.connect(listener.method)
    signal.send(1)
    del listener
    signal.disconnect(async_function)
    signal.send(2)
    return sorted(seen)


@pytest.mark.calls(3)
def test_middleware(tool: Any) -> object:
    """A middleware made by `sync_and_async_middleware`, whose inner function is a tool."""
    from django.utils.decorators import sync_and_async_middleware

    module = types.ModuleType(f"compatibility_middleware_{tool.decorated}")

    @sync_and_async_middleware
    @tool("factory")
    def middleware(get_response: Any) -> Any:
        @tool("call")
        def call(request: Any) -> Any:
            answer = get_response(request)
            answer["x-seen"] = "yes"
            return answer

        return call

    module.middleware = middleware
    import sys

    sys.modules[module.__name__] = module
    page = tool("page")(lambda request: HttpResponse("page"))
    with urls(path("", page)), override_settings(MIDDLEWARE=[f"{module.__name__}.middleware"]):
        return Client().get("/")["x-seen"]


@pytest.mark.calls(3)
def test_template_library(tool: Any) -> object:
    """Template filters and simple tags, whose arguments Django reads by `getfullargspec`."""
    from django.template import Context, Engine, Library

    library = Library()

    @library.filter
    @tool("shout")
    def shout(value: str) -> str:
        return value.upper()

    @library.simple_tag(takes_context=True)
    @tool("join")
    def join(context: Any, a: str, b: str = "b") -> str:
        return context["x"] + a + b

    engine = Engine()
    engine.template_builtins.append(library)
    text = "{{ x|shout }} {% join 'a' %} {% join 'a' b='c' %}"
    return engine.from_string(text).render(Context({"x": "x"}))


@pytest.mark.calls(2)
def test_asgiref(tool: Any) -> object:
    """`sync_to_async` and `async_to_sync`, which ask whether it is a coroutine function."""
    from asgiref.sync import async_to_sync, iscoroutinefunction, sync_to_async

    async def later(a: int) -> int:
        return a

    one, other = tool("sync")(lambda a: a), tool("async")(later)
    return asyncio.run(sync_to_async(one)(1)), async_to_sync(other)(2), iscoroutinefunction(other)


@pytest.mark.calls(2)
def test_cached_property_and_lazy(tool: Any) -> object:
    """Django's `cached_property` and `lazy` over tools."""
    from django.utils.functional import cached_property, lazy

    class Tools:
        @cached_property
        @tool("size")
        def size(self) -> int:
            return 3

    tools = Tools()
    return tools.size, tools.size, str(lazy(tool("text")(lambda: "text"), str)())
