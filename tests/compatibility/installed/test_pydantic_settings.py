"""pydantic-settings: methods, sources and validators."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

FRAMEWORK = "pydantic-settings"
DISTRIBUTION = "pydantic-settings"


@pytest.mark.calls(4)
def test_settings(tool: Any, monkeypatch: pytest.MonkeyPatch) -> object:
    """`BaseSettings`: a public and a private method, a validator, `settings_customise_sources`."""
    monkeypatch.setenv("APP_X", "4")

    class Settings(BaseSettings):
        model_config = SettingsConfigDict(env_prefix="APP_")
        x: int = 1

        @classmethod
        @tool("sources")
        def settings_customise_sources(cls, settings_cls: Any, *args: Any, **sources: Any) -> Any:
            return (sources["env_settings"],)

        @field_validator("x")
        @classmethod
        @tool("check")
        def check(cls, value: int) -> int:
            return value + 1

        @tool("public")
        def url(self) -> str:
            return self._url()

        @tool("private")
        def _url(self) -> str:
            return f"http://{self.x}"

    return Settings().url()


@pytest.mark.calls(1)
def test_overridden(tool: Any) -> object:
    """A private method overridden in a subclass of settings is the subclass's."""

    class Base(BaseSettings):
        @tool("base")
        def _url(self) -> str:
            return "base"

    class Derived(Base):
        @tool("derived")
        def _url(self) -> str:
            return "derived"

    return Derived()._url()
