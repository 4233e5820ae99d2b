"""Task queues: Dramatiq, RQ, Huey, arq, TaskIQ, APScheduler."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import fakeredis
import pytest
from targets import add, bare_add

FRAMEWORK = "Dramatiq, RQ, Huey, arq, TaskIQ, APScheduler"
DISTRIBUTION = "dramatiq"


@pytest.mark.calls(2)
def test_dramatiq(tool: Any) -> object:
    """Dramatiq: actors, sync and async, run by a worker."""
    import dramatiq
    from dramatiq.brokers.stub import StubBroker
    from dramatiq.middleware import AsyncIO

    broker = StubBroker()
    broker.add_middleware(AsyncIO())
    seen: list[int] = []

    @dramatiq.actor(broker=broker)
    @tool("sync")
    def sync(a: int) -> None:
        seen.append(a)

    @dramatiq.actor(broker=broker)
    @tool("later")
    async def later(a: int) -> None:
        seen.append(a)

    worker = dramatiq.Worker(broker, worker_timeout=10, worker_threads=1)
    worker.start()
    sync.send(1)
    later.send(2)
    broker.join("default")
    worker.join()
    worker.stop()
    return sorted(seen), sync.actor_name


@pytest.mark.calls(1)
def test_rq(tool: Any) -> object:
    """RQ: a job by reference, which it names by module and `__name__`, run where it was enqueued."""
    import rq

    function = add if tool.decorated else bare_add
    queue = rq.Queue(is_async=False, connection=fakeredis.FakeStrictRedis())
    job = queue.enqueue(function, 1, b=2)
    return job.return_value(), job.func_name.replace("bare_", "")


@pytest.mark.calls(3)
def test_huey(tool: Any) -> object:
    """Huey: tasks that are tools, one that is given itself, a periodic one."""
    from huey import MemoryHuey, crontab

    huey = MemoryHuey(immediate=True)

    @huey.task()
    @tool("add")
    def add_two(a: int, b: int) -> int:
        return a + b

    @huey.task(context=True)
    @tool("context")
    def context(a: int, task: Any = None) -> str:
        return f"{a} {task.name}"

    @huey.periodic_task(crontab(minute="0"))
    @tool("periodic")
    def periodic() -> str:
        return "periodic"

    return add_two(1, 2)(), context(3)(), periodic.call_local()


@pytest.mark.calls(2)
def test_arq(tool: Any) -> object:
    """arq: `func` and `cron` refuse what is no coroutine function; here are two, and calls of them."""
    from arq.cron import cron
    from arq.worker import func

    async def job(context: Any, a: int) -> int:
        return a

    made, timed = func(tool(job)), cron(tool(job), hour=3)
    said = asyncio.run(made.coroutine({}, 1)), asyncio.run(timed.coroutine({}, 2))
    return said, made.name, timed.name.rpartition(".")[-1]


@pytest.mark.calls(4)
def test_taskiq(tool: Any) -> object:
    """TaskIQ: tasks, sync and async, with a dependency, on its memory broker."""
    from taskiq import InMemoryBroker, TaskiqDepends

    broker = InMemoryBroker()

    @tool("dependency")
    def dependency() -> int:
        return 5

    @broker.task(task_name="later")
    @tool("later")
    async def later(a: int, b: int = TaskiqDepends(dependency)) -> int:
        return a + b

    @broker.task(task_name="sync")
    @tool("sync")
    def sync(a: int) -> int:
        return a

    async def main() -> list[int]:
        await broker.startup()
        tasks = [await later.kiq(1), await sync.kiq(2)]
        results = [(await task.wait_result(timeout=20)).return_value for task in tasks]
        await broker.shutdown()
        return [*results, await later(3, 4)]

    return asyncio.run(main())


@pytest.mark.calls(2)
def test_apscheduler(tool: Any) -> object:
    """APScheduler: a job in a thread, and a coroutine function on the loop; arguments are checked by the signature."""
    from apscheduler.schedulers.asyncio import AsyncIOScheduler
    from apscheduler.schedulers.background import BackgroundScheduler

    done, seen = threading.Event(), []

    def job(a: int) -> None:
        seen.append(a)
        done.set()

    background = BackgroundScheduler()
    background.start()
    background.add_job(tool("job")(job), args=[1])
    assert done.wait(30)
    background.shutdown()

    async def main() -> None:
        finished = asyncio.Event()

        async def later(a: int) -> None:
            seen.append(a)
            finished.set()

        scheduler = AsyncIOScheduler()
        scheduler.start()
        scheduler.add_job(tool("later")(later), args=[2])
        try:
            scheduler.add_job(tool("refused")(later), args=[1, 2])
        except ValueError as error:
            seen.append(str(error))
        await asyncio.wait_for(finished.wait(), 30)
        scheduler.shutdown()

    asyncio.run(main())
    return seen
