"""The demo's settings: environment variables, all optional."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Settings", "server_environment"]

CLIENTS_MAX = 256
WORKERS_MAX = 64


@dataclass(frozen=True)
class Settings:
    """What a run is told. `seconds` None means until Ctrl-C. With one worker nobody is killed."""

    seconds: float | None
    seed: int
    clients: int
    workers: int
    kill_seconds: float

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Reads DEMO_SECONDS, DEMO_SEED, DEMO_CLIENTS, WORKERS and DEMO_KILL_SECONDS.

        Raises ValueError, which names the one that is wrong.
        """
        seconds = environment.get("DEMO_SECONDS")
        return cls(
            seconds=_number("DEMO_SECONDS", seconds, float, 0, 86400) if seconds else None,
            seed=int(_number("DEMO_SEED", environment.get("DEMO_SEED") or "1", int, 0, 2**63)),
            clients=int(_number("DEMO_CLIENTS", environment.get("DEMO_CLIENTS") or "8", int, 1, CLIENTS_MAX)),
            workers=int(_number("WORKERS", environment.get("WORKERS") or "1", int, 1, WORKERS_MAX)),
            kill_seconds=_number("DEMO_KILL_SECONDS", environment.get("DEMO_KILL_SECONDS") or "3", float, 0.05, 3600),
        )


def _number(name: str, text: str, kind: type[int] | type[float], least: float, most: float) -> float:
    try:
        number = kind(text)
    except ValueError:
        raise ValueError(f"{name}={text!r} is not a number") from None
    if not least <= number <= most:
        raise ValueError(f"{name}={text!r} is not between {least} and {most}")
    return number


def server_environment() -> dict[str, str]:
    """The environment for the server: without this machine's metrics settings, which would change what is shown."""
    left_out = ("METRICS_", "PROMETHEUS_", "PERFORMANCE_METRICS_", "TOOLVITALS_")
    kept = ("METRICS_JSON_PORT", "PROMETHEUS_PORT")
    return {name: value for name, value in os.environ.items() if name in kept or not name.startswith(left_out)}
