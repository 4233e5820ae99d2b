"""GraphQL: resolvers of Strawberry and Ariadne."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import ariadne
import pytest
import strawberry

FRAMEWORK = "Strawberry, Ariadne"
DISTRIBUTION = "strawberry-graphql"


@pytest.mark.calls(6)
def test_strawberry(tool: Any) -> object:
    """Strawberry: methods, sync and async, a resolver function, a mutation, a subscription, a permission."""

    def resolver(name: str = "x") -> str:
        return f"resolved {name}"

    class Allowed(strawberry.permission.BasePermission):
        message = "no"

        @tool("permission")
        def has_permission(self, source: Any, info: Any, **kwargs: Any) -> bool:
            return True

    @strawberry.type
    class Query:
        resolved: str = strawberry.field(resolver=tool("resolver")(resolver))

        @strawberry.field(permission_classes=[Allowed])
        @tool("sync")
        def sync(self, number: int) -> int:
            return number

        @strawberry.field
        @tool("async")
        async def later(self, info: strawberry.Info) -> str:
            return info.field_name

    @strawberry.type
    class Mutation:
        @strawberry.mutation
        @tool("mutation")
        def change(self, number: int) -> int:
            return number + 1

    @strawberry.type
    class Subscription:
        @strawberry.subscription
        @tool("subscription")
        async def count(self, to: int) -> AsyncGenerator[int, None]:
            for number in range(to):
                yield number

    schema = strawberry.Schema(Query, Mutation, Subscription)

    async def main() -> list[Any]:
        answer = await schema.execute('{ resolved(name: "y") sync(number: 3) later }')
        changed = await schema.execute("mutation { change(number: 4) }")
        counted = [each.data async for each in await schema.subscribe("subscription { count(to: 2) }")]
        return [answer.data, answer.errors, changed.data, counted]

    return asyncio.run(main()), schema.as_str()


@pytest.mark.calls(4)
def test_ariadne(tool: Any) -> object:
    """Ariadne: resolvers, sync and async, a subscription's source, an enum's and a scalar's functions."""
    query, subscription = ariadne.QueryType(), ariadne.SubscriptionType()

    @query.field("sync")
    @tool("sync")
    def sync(source: Any, info: Any, number: int) -> int:
        return number

    @query.field("later")
    @tool("async")
    async def later(source: Any, info: Any) -> str:
        return "later"

    @subscription.source("count")
    @tool("source")
    async def source(source: Any, info: Any) -> Any:
        yield 1

    stamp = ariadne.ScalarType("Stamp", serializer=tool("serializer")(lambda value: f"stamp {value}"))
    query.set_field("stamp", lambda source, info: 3)
    definitions = """
        scalar Stamp
        type Query { sync(number: Int!): Int later: String stamp: Stamp }
        type Subscription { count: Int }
    """
    schema = ariadne.make_executable_schema(definitions, query, subscription, stamp)

    async def main() -> list[Any]:
        _, answer = await ariadne.graphql(schema, {"query": "{ sync(number: 3) later stamp }"})
        _, events = await ariadne.subscribe(schema, {"query": "subscription { count }"})
        return [answer, [each.data async for each in events]]

    return asyncio.run(main())
