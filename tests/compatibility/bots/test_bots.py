"""Chat bots: handlers of aiogram, discord.py, python-telegram-bot, Slack's Bolt."""

from __future__ import annotations

import asyncio
import datetime
import json
from typing import Any

import pytest

FRAMEWORK = "aiogram, discord.py, python-telegram-bot, Slack Bolt"
DISTRIBUTION = "aiogram"


@pytest.mark.calls(4)
def test_aiogram(tool: Any) -> object:
    """aiogram: handlers, sync and async, given what their signature asks for, a filter, a middleware."""
    from aiogram import Bot, Dispatcher
    from aiogram.types import Chat, Message, Update, User

    dispatcher = Dispatcher()
    seen: list[Any] = []

    async def chosen(message: Message) -> dict[str, int]:
        return {"number": 3}

    @dispatcher.message(tool("filter")(chosen))
    @tool("handler")
    async def handler(message: Message, number: int) -> str:
        seen.append((message.text, number))
        return "answered"

    @dispatcher.message.outer_middleware()
    @tool("middleware")
    async def middleware(call: Any, event: Any, data: dict[str, Any]) -> Any:
        return await call(event, data)

    @dispatcher.startup()
    @tool("startup")
    def startup() -> None:
        seen.append("startup")

    message = Message(
        message_id=1,
        date=datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc),
        chat=Chat(id=1, type="private"),
        from_user=User(id=1, is_bot=False, first_name="Ann"),
        text="hello",
    )

    async def main() -> Any:
        bot = Bot("42:TOKEN")
        await dispatcher.emit_startup()
        return await dispatcher.feed_update(bot, Update(update_id=1, message=message))

    return asyncio.run(main()), seen


@pytest.mark.calls(3)
def test_discord(tool: Any) -> object:
    """discord.py: commands, whose parameters it reads and converts; what is no coroutine function is refused; a cog."""
    import discord
    from discord import app_commands
    from discord.ext import commands

    bot = commands.Bot("!", intents=discord.Intents.none())

    @bot.command()
    @tool("add")
    async def add_two(context: commands.Context, a: int, b: int = 1) -> int:
        """Adds."""
        return a + b

    class Names(commands.Cog):
        @commands.command()
        @tool("method")
        async def name(self, context: commands.Context, who: str) -> str:
            return who

        @commands.Cog.listener()
        @tool("listener")
        async def on_ready(self) -> str:
            return "ready"

    @app_commands.command()
    @tool("slash")
    async def slash(interaction: discord.Interaction, number: int) -> None:
        """Slashes."""

    async def main() -> list[Any]:
        names = Names()
        await bot.add_cog(names)
        said = [
            await add_two.callback(None, 1, 2),
            await names.name.callback(names, None, "ann"),
            await names.on_ready(),
        ]
        await bot.close()
        return said

    parameters = {name: str(each.annotation) for name, each in add_two.clean_params.items()}
    with pytest.raises(TypeError):
        bot.command("sync")(tool(lambda context: None))
    return asyncio.run(main()), parameters, add_two.help, [each.name for each in slash.parameters]


@pytest.mark.calls(2)
def test_telegram(tool: Any) -> object:
    """python-telegram-bot: a handler's callback and an error handler."""
    from telegram.ext import ApplicationBuilder, TypeHandler

    application = ApplicationBuilder().token("42:TOKEN").updater(None).job_queue(None).build()
    seen: list[Any] = []

    async def handle(update: Any, context: Any) -> None:
        seen.append(update)
        raise KeyError("lost")

    async def failed(update: Any, context: Any) -> None:
        seen.append(type(context.error).__name__)

    application.add_handler(TypeHandler(str, tool("handle")(handle)))
    application.add_error_handler(tool("failed")(failed))

    async def main() -> None:
        application._initialized = True
        await application.process_update("update")

    asyncio.run(main())
    return seen


@pytest.mark.calls(2)
def test_bolt(tool: Any) -> object:
    """Slack's Bolt: a listener given what the names of its arguments ask for, a middleware."""
    from slack_bolt import App, BoltRequest
    from slack_bolt.authorization import AuthorizeResult

    app = App(
        signing_secret="x",
        authorize=lambda **kwargs: AuthorizeResult(enterprise_id=None, team_id="T", bot_token="xoxb-1", bot_id="B"),
        request_verification_enabled=False,
        ignoring_self_events_enabled=False,
        ssl_check_enabled=False,
        process_before_response=True,
    )
    seen: list[Any] = []

    @app.command("/go")
    @tool("command")
    def command(ack: Any, command: Any, context: Any) -> None:
        seen.append((command["text"], context["noted"]))
        ack("done")

    @app.middleware
    @tool("middleware")
    def middleware(context: Any, next: Any) -> Any:  # noqa: A002
        context["noted"] = True
        return next()

    body = {"command": "/go", "text": "hello", "team_id": "T", "user_id": "U", "channel_id": "C", "response_url": "x"}
    answer = app.dispatch(BoltRequest(body=json.dumps(body), headers={"content-type": ["application/json"]}))
    return answer.status, answer.body, seen
