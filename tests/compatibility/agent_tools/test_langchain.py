"""LangChain and LangGraph: tools that are functions, tools that are classes, runnables, graph nodes."""

from __future__ import annotations

import asyncio
from typing import Any, TypedDict

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.runnables import RunnableConfig, RunnableGenerator, RunnableLambda
from langchain_core.tools import BaseTool, StructuredTool
from langchain_core.tools import tool as langchain_tool
from langgraph.graph import END, START, StateGraph

FRAMEWORK = "LangChain, LangGraph"
DISTRIBUTION = "langchain-core"


@pytest.mark.calls(4)
def test_base_tool(tool: Any) -> object:
    """`BaseTool._run` and `_arun`, whose schema is made of their signature; overridden in a subclass."""

    class Base(BaseTool):
        name: str = "base"
        description: str = "Adds."

        @tool("run")
        def _run(self, a: int, b: int = 1) -> int:
            return a + b

        @tool("arun")
        async def _arun(self, a: int, b: int = 1) -> int:
            return a + b + 100

    class Derived(Base):
        name: str = "derived"

        @tool("derived_run")
        def _run(self, a: int, b: int = 1) -> int:
            return a * b

    base, derived = Base(), Derived()
    said = base.invoke({"a": 1, "b": 2}), asyncio.run(base.ainvoke({"a": 3})), derived.invoke({"a": 4, "b": 5})
    return said, base.args, derived.args, asyncio.run(derived.ainvoke({"a": 6}))


@pytest.mark.calls(5)
def test_structured_tool(tool: Any) -> object:
    """`StructuredTool.from_function` and `@tool`, sync and async, with a `RunnableConfig` and a parsed docstring."""

    def add(a: int, b: int = 1) -> int:
        """Adds.

        Args:
            a: The first.
            b: The second.
        """
        return a + b

    async def later(a: int) -> int:
        """Waits."""
        return a

    def configured(a: int, config: RunnableConfig) -> str:
        """Is configured."""
        return f"{a} {config['tags']}"

    made = StructuredTool.from_function(tool(add), parse_docstring=True)
    both = StructuredTool.from_function(
        func=tool(add), coroutine=tool(later), name="both", args_schema=made.args_schema
    )
    decorated = langchain_tool(tool(later))
    given = langchain_tool(tool(configured))
    return (
        made.invoke({"a": 1, "b": 2}),
        both.invoke({"a": 3}),
        asyncio.run(made.ainvoke({"a": 4})),
        asyncio.run(decorated.ainvoke({"a": 5})),
        given.invoke({"a": 6}, {"tags": ["x"]}),
        [each.args for each in (made, decorated, given)],
        [(each.name, each.description) for each in (made, decorated, given)],
    )


@pytest.mark.calls(6)
def test_runnables(tool: Any) -> object:
    """`RunnableLambda` of functions, sync, async and both, `RunnableGenerator`, piping, a callback handler."""
    seen: list[str] = []

    async def later(a: int) -> int:
        return a + 10

    def pieces(parts: Any) -> Any:
        for part in parts:
            yield part * 2

    class Handler(BaseCallbackHandler):
        @tool("on_chain_start")
        def on_chain_start(self, *args: Any, **kwargs: Any) -> None:
            seen.append("start")

    one, two = RunnableLambda(tool("one")(lambda a: a + 1)), RunnableLambda(tool("later")(later))
    both = RunnableLambda(tool("both")(lambda a: a), afunc=tool("later")(later))
    streamed = list(RunnableGenerator(tool("pieces")(pieces)).stream("ab"))
    answers = one.invoke(1, {"callbacks": [Handler()]}), asyncio.run((one | two).ainvoke(2)), both.invoke(3)
    return answers, streamed, seen


class State(TypedDict):
    """What a graph's nodes hand on."""

    number: int


@pytest.mark.calls(6)
def test_graph(tool: Any) -> object:
    """LangGraph: nodes, sync and async, a node that takes the configuration, a conditional edge."""

    def first(state: State) -> State:
        return {"number": state["number"] + 1}

    async def second(state: State, config: RunnableConfig) -> State:
        return {"number": state["number"] * 10}

    def route(state: State) -> str:
        return END if state["number"] > 100 else "first"

    graph = StateGraph(State)
    graph.add_node("first", tool("first")(first))
    graph.add_node("second", tool("second")(second))
    graph.add_edge(START, "first")
    graph.add_edge("first", "second")
    graph.add_conditional_edges("second", tool("route")(route), ["first", END])
    return asyncio.run(graph.compile().ainvoke({"number": 1}))
