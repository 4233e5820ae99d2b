"""Agent frameworks that make tools of functions."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any

import pytest

FRAMEWORK = "OpenAI Agents, Pydantic AI, smolagents, LlamaIndex, Haystack, DSPy"
DISTRIBUTION = "openai-agents"


def add(a: int, b: int = 1) -> int:
    """Adds two numbers.

    Args:
        a: The first.
        b: The second.
    """
    return a + b


async def later(a: int, b: int = 1) -> int:
    """Adds two numbers, later.

    Args:
        a: The first.
        b: The second.
    """
    return a + b


@pytest.mark.calls(3)
def test_openai_agents(tool: Any) -> object:
    """OpenAI Agents: `function_tool` over tools, sync and async; schema and description; a guardrail."""
    from agents import GuardrailFunctionOutput, function_tool, input_guardrail
    from agents.tool_context import ToolContext

    made = [function_tool(tool(add)), function_tool(tool(later))]

    async def guard(context: Any, agent: Any, given: Any) -> GuardrailFunctionOutput:
        return GuardrailFunctionOutput(output_info="seen", tripwire_triggered=False)

    guardrail = input_guardrail(tool("guard")(guard))

    async def main() -> list[Any]:
        said = []
        for each in made:
            arguments = json.dumps({"a": 1, "b": 2})
            context = ToolContext(context=None, tool_name=each.name, tool_call_id="1", tool_arguments=arguments)
            said.append(await each.on_invoke_tool(context, arguments))
        result = await guardrail.run(agent=None, input="x", context=None)
        return [*said, result.output.output_info]

    schemas = [(each.name, each.description, each.params_json_schema) for each in made]
    return asyncio.run(main()), schemas


@pytest.mark.calls(5)
def test_pydantic_ai(tool: Any) -> object:
    """Pydantic AI: an agent with tools, sync and async, one that takes the context, an instructions function."""
    from pydantic_ai import Agent, RunContext
    from pydantic_ai.models.test import TestModel

    agent = Agent(TestModel(), deps_type=int)
    agent.tool_plain(tool("add")(add))
    agent.tool_plain(tool("later")(later))

    def contextual(context: Any, a: int) -> str:
        """Takes a context."""
        return f"{type(context).__name__} {context.deps} {a}"

    contextual.__annotations__["context"] = RunContext[int]
    agent.tool(tool("contextual")(contextual))
    agent.instructions(tool("instructions")(lambda: "Be brief."))
    return agent.run_sync("go", deps=3).output


@pytest.mark.calls(2)
def test_smolagents(tool: Any) -> object:
    """smolagents: `@tool` reads the source of a function and its docstring; a `Tool` class's `forward`."""
    import smolagents

    made = smolagents.tool(tool(add))

    class Shout(smolagents.Tool):
        name = "shout"
        description = "Shouts."
        inputs = {"text": {"type": "string", "description": "What."}}  # noqa: RUF012
        output_type = "string"

        @tool("forward")
        def forward(self, text: str) -> str:
            return text.upper()

    return made(1, b=2), made.name, made.inputs, made.output_type, Shout()("x")


@pytest.mark.calls(4)
def test_llama_index(tool: Any) -> object:
    """LlamaIndex: `FunctionTool.from_defaults`, sync, async and both; their schemas."""
    from llama_index.core.tools import FunctionTool

    sync = FunctionTool.from_defaults(tool("sync")(add))
    both = FunctionTool.from_defaults(tool("both")(add), async_fn=tool("later")(later))
    only = FunctionTool.from_defaults(async_fn=tool("only")(later))
    answers = sync.call(a=1, b=2), asyncio.run(both.acall(a=3)), asyncio.run(only.acall(a=4)), both.call(5)
    schemas = [each.metadata.get_parameters_dict() for each in (sync, both, only)]
    return [each.raw_output for each in answers], schemas, sync.metadata.description


@pytest.mark.calls(4)
def test_haystack(tool: Any) -> object:
    """Haystack: `@tool` and `create_tool_from_function`, a component whose `run` is a tool, in a pipeline."""
    from haystack import Pipeline, component
    from haystack.tools import create_tool_from_function
    from haystack.tools import tool as haystack_tool

    def annotated(a: Annotated[int, "The first."], b: int = 1) -> int:
        """Adds."""
        return a + b

    made, other = create_tool_from_function(tool("add")(annotated)), haystack_tool(tool("annotated")(annotated))

    @component
    class Double:
        @component.output_types(value=int)
        @tool("run")
        def run(self, value: int) -> dict[str, int]:
            return {"value": value * 2}

    @component
    class Triple:
        @tool("under")
        @component.output_types(value=int)
        def run(self, value: int) -> dict[str, int]:
            return {"value": value * 3}

    pipeline = Pipeline()
    pipeline.add_component("double", Double())
    pipeline.add_component("triple", Triple())
    pipeline.connect("double.value", "triple.value")
    return made.invoke(a=1, b=2), other.invoke(a=3), made.parameters, pipeline.run({"double": {"value": 1}})


@pytest.mark.calls(3)
def test_dspy(tool: Any) -> object:
    """DSPy: `Tool` of a function and of a coroutine function, a module's `forward`."""
    import dspy

    made, waiting = dspy.Tool(tool(add)), dspy.Tool(tool(later))

    class Doubles(dspy.Module):
        @tool("forward")
        def forward(self, a: int) -> int:
            return a * 2

    return made(a=1, b=2), asyncio.run(waiting.acall(a=3)), Doubles()(a=4), made.args, made.desc
