"""Celery: tasks of every kind."""

from __future__ import annotations

from typing import Any

import pytest
from celery import Celery, chain, group, signals

FRAMEWORK = "Celery"
DISTRIBUTION = "celery"


@pytest.fixture
def app() -> Any:
    """An application that runs its tasks where they are called."""
    application = Celery("compatibility", broker="memory://", backend="cache+memory://", set_as_current=False)
    application.conf.update(task_always_eager=True, task_store_eager_result=False)
    return application


@pytest.mark.calls(4)
def test_tasks(tool: Any, app: Any) -> object:
    """`@app.task` over tools: called, delayed, bound; arguments are checked, name and docstring kept."""

    # Names are the process's; and each case is run twice.
    @app.task(name=f"add_{tool.decorated}")
    @tool("add")
    def add(a: int, b: int = 1) -> int:
        """Adds."""
        return a + b

    @app.task(bind=True, name=f"bound_{tool.decorated}")
    @tool("bound")
    def bound(self: Any, a: int) -> tuple[str, int]:
        return type(self).__name__, a

    try:
        add.delay(1, 2, 3)
    except TypeError as error:
        said = str(error)
    return add(1), add.delay(2, b=3).get(), bound.delay(4).get(), add.apply((5,)).get(), said, add.__doc__


@pytest.mark.calls(3)
def test_retried(tool: Any, app: Any) -> object:
    """A task that retries itself: each attempt is a call."""
    seen = []

    @app.task(bind=True, max_retries=3, name=f"retried_{tool.decorated}")
    @tool
    def retried(self: Any) -> str:
        seen.append(self.request.retries)
        if len(seen) < 3:
            raise self.retry(countdown=0)
        return "done"

    return retried.delay().get(), seen


@pytest.mark.calls(5)
def test_canvas(tool: Any, app: Any) -> object:
    """`chain` and `group` of tasks that are tools."""

    @app.task(name=f"canvas_{tool.decorated}")
    @tool
    def add(a: int, b: int) -> int:
        return a + b

    chained = chain(add.s(1, 2), add.s(3), add.s(4))
    return chained.apply().get(), group(add.s(1, 1), add.s(2, 2)).apply().get()


@pytest.mark.calls(2)
def test_task_class_and_signal(tool: Any, app: Any) -> object:
    """A task class whose `run` is a tool, and a receiver of a signal, held by a weak reference."""
    seen = []

    class Add(app.Task):
        name = f"class_{tool.decorated}"

        @tool("run")
        def run(self, a: int) -> int:
            return a + 1

    @signals.task_prerun.connect
    @tool("prerun")
    def prerun(task: Any = None, **kwargs: Any) -> None:
        seen.append(task.name.split("_")[0])

    try:
        return app.register_task(Add()).delay(1).get(), seen
    finally:
        signals.task_prerun.disconnect(prerun)
