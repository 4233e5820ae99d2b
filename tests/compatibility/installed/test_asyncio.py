"""asyncio: tools that are coroutine functions, wherever it takes one."""

from __future__ import annotations

import asyncio
import inspect
import threading
from typing import Any

import pytest

FRAMEWORK = "asyncio"
DISTRIBUTION = None


async def echo(a: int) -> int:
    """Waits once and gives it back."""
    await asyncio.sleep(0)
    return a


@pytest.mark.calls(1)
def test_run(tool: Any) -> object:
    """`asyncio.run(f())`."""
    return asyncio.run(tool(echo)(1))


@pytest.mark.calls(8)
def test_tasks(tool: Any) -> object:
    """`create_task`, `gather`, `wait_for`, `shield`, `as_completed`, `wait`; the task's coroutine and name."""
    decorated = tool(echo)

    async def main() -> object:
        task = asyncio.create_task(decorated(1), name="named")
        coroutine = task.get_coro()
        said = [coroutine.__qualname__, inspect.iscoroutine(coroutine), "echo" in repr(task)]
        said += [await task, await asyncio.gather(decorated(2), decorated(3))]
        said += [await asyncio.wait_for(decorated(4), 10), await asyncio.shield(decorated(5))]
        said.append(await asyncio.ensure_future(decorated(6)))
        said += [await each for each in asyncio.as_completed([decorated(7)])]
        done, _ = await asyncio.wait([asyncio.ensure_future(decorated(8))])
        return [*said, [each.result() for each in done]]

    return asyncio.run(main())


@pytest.mark.calls(2)
def test_task_stack(tool: Any) -> object:
    """`Task.get_stack` and `print_stack` show the tool's own frame."""
    import io

    async def waits(event: asyncio.Event) -> None:
        await event.wait()

    async def main() -> object:
        event = asyncio.Event()
        task = asyncio.create_task(tool(waits)(event))
        await asyncio.sleep(0)
        text = io.StringIO()
        task.print_stack(file=text)
        event.set()
        names = [frame.f_code.co_name for frame in task.get_stack()]
        await task
        failed = asyncio.create_task(tool(waits)(None))
        await asyncio.wait([failed])
        return names, "waits" in text.getvalue(), type(failed.exception()).__name__

    return asyncio.run(main())


@pytest.mark.calls(2)
def test_cancellation(tool: Any) -> object:
    """A cancelled task, and `asyncio.timeout`'s way of cancelling."""

    async def forever() -> None:
        await asyncio.Event().wait()

    async def main() -> object:
        task = asyncio.create_task(tool(forever)())
        await asyncio.sleep(0)
        task.cancel("enough")
        try:
            await task
        except asyncio.CancelledError as error:
            said = error.args
        try:
            await asyncio.wait_for(tool(forever)(), 0.001)
        except asyncio.TimeoutError:
            return said, task.cancelled()

    return asyncio.run(main())


@pytest.mark.calls(5)
def test_callbacks_and_threads(tool: Any) -> object:
    """`call_soon`, `add_done_callback`, `to_thread`, `run_in_executor`, `run_coroutine_threadsafe`."""
    seen = []

    async def main() -> object:
        loop = asyncio.get_running_loop()
        loop.call_soon(tool("soon")(seen.append), 1)
        future = loop.create_future()
        future.add_done_callback(tool("done")(lambda future: seen.append(future.result())))
        future.set_result(2)
        threaded = await asyncio.to_thread(tool("thread")(lambda a: a + 1), 2)
        executed = await loop.run_in_executor(None, tool("executor")(lambda: 4))
        other = asyncio.to_thread(lambda: asyncio.run_coroutine_threadsafe(tool("safe")(echo)(5), loop).result(20))
        return threaded, executed, await other

    return asyncio.run(main()), seen


@pytest.mark.calls(4)
def test_async_for_and_with(tool: Any) -> object:
    """`async for` over a tool, `aiter`, `anext`, and `__aenter__`, `__aexit__` that are tools."""

    @tool("numbers")
    async def numbers(n: int) -> Any:
        for i in range(n):
            yield i

    class Managed:
        @tool("enter")
        async def __aenter__(self) -> str:
            return "entered"

        @tool("exit")
        async def __aexit__(self, *exc: object) -> bool:
            return True

    async def main() -> object:
        async with Managed() as entered:
            raise KeyError
        return entered, [i async for i in numbers(2)], await anext(aiter(numbers(1)))

    return asyncio.run(main())


@pytest.mark.calls(1)
def test_abandoned_async_generator(tool: Any) -> object:
    """An async generator left in the middle is finalized by the loop's hooks."""
    seen = []

    @tool
    async def numbers() -> Any:
        try:
            yield 1
            yield 2
        finally:
            seen.append("closed")

    async def main() -> None:
        async for _ in numbers():
            break

    asyncio.run(main())
    return seen


@pytest.mark.calls(1)
def test_debug_mode(tool: Any) -> object:
    """The loop's debug mode, which looks at `cr_origin`, `cr_frame` and `cr_code`."""
    return asyncio.run(tool(echo)(3), debug=True)


@pytest.mark.calls(2)
def test_streams(tool: Any) -> object:
    """`asyncio.start_server` asks whether its callback is a coroutine function."""
    seen = []

    @tool("handle")
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readline())
        writer.write(b"pong\n")
        await writer.drain()
        writer.close()

    @tool("ask")
    async def ask(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"ping\n")
        answer = await reader.readline()
        writer.close()
        await writer.wait_closed()
        return answer

    async def main() -> bytes:
        async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
            return await ask(server.sockets[0].getsockname()[1])

    return asyncio.run(main()), seen


@pytest.mark.calls(2)
def test_threads(tool: Any) -> object:
    """`threading.Thread` and `Timer` run tools."""
    seen = []
    for thread in (
        threading.Thread(target=tool("thread")(seen.append), args=(1,)),
        threading.Timer(0, tool("timer")(seen.append), args=(2,)),
    ):
        thread.start()
        thread.join()
    return seen
