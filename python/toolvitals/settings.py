"""Settings: what the environment and the arguments of start() say, checked in one place."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from toolvitals._late_dataclass import make

if TYPE_CHECKING:
    from dataclasses import dataclass, field
else:
    from toolvitals._late_dataclass import dataclass, field

__all__ = ["Settings"]

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})

# What the core names, computes and bounds metrics by.
_OF_CORE = (
    "window_size",
    "quantile_method",
    "max_series",
    "memory_limit_mb",
    "namespace",
    "window_label",
    "strict",
)

# Turns a value (text from the environment, or an argument) into a setting. `label` is what an error names it.
_Reader = Callable[[str, object], Any]


def _complaint(label: str, value: object, rule: str) -> ValueError:
    return ValueError(f"{label}={value!r} is not allowed: it must be {rule}")


def _boolean(label: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise TypeError(f"{label} must be a bool, not {value!r}")
    word = value.strip().lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise _complaint(label, value, "one of 1, 0, true, false, yes, no, on, off")


def _integer(low: int, high: int) -> _Reader:
    rule = f"a whole number from {low} to {high}"

    def read(label: str, value: object) -> int:
        if isinstance(value, str):
            # int() would also take underscores and the digits of other scripts.
            if not re.fullmatch(r"[+-]?[0-9]{1,18}", value.strip()):
                raise _complaint(label, value, rule)
            value = int(value)
        elif isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"{label} must be an int, not {value!r}")
        if not low <= value <= high:
            raise _complaint(label, value, rule)
        return value

    return read


def _seconds(low: float, high: float) -> _Reader:
    rule = f"a number of seconds from {low:g} to {high:g}"

    def read(label: str, value: object) -> float:
        if isinstance(value, str):
            if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value.strip()):
                raise _complaint(label, value, rule)
        elif isinstance(value, bool) or not isinstance(value, (int, float)):
            raise TypeError(f"{label} must be a number, not {value!r}")
        seconds = float(value)
        if not low <= seconds <= high:
            raise _complaint(label, value, rule)
        return seconds

    return read


def _text(label: str, value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{label} must be a str, not {value!r}")
    return value


def _quantile_method(label: str, value: object) -> str:
    method = _text(label, value).strip().lower()
    if method not in ("exclusive", "inclusive"):
        raise _complaint(label, value, "exclusive or inclusive")
    return method


def _window_label(label: str, value: object) -> str:
    name = _text(label, value).strip().lower()
    if name not in ("q", "quantile"):
        raise _complaint(label, value, "q or quantile")
    return name


def _on_port_in_use(label: str, value: object) -> str:
    answer = _text(label, value).strip().lower()
    if answer not in ("raise", "next", "share"):
        raise _complaint(label, value, "raise, next or share")
    return answer


def _host(label: str, value: object) -> str:
    host = _text(label, value).strip()
    # An empty host would mean every interface to many a library; that has to be asked for by name.
    if not re.fullmatch(r"[A-Za-z0-9._:%\[\]-]{1,253}", host):
        raise _complaint(label, value, "an IPv4 address, an IPv6 address or a host name, of 1 to 253 characters")
    return host


def _auth_token(label: str, value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError(f"{label} must be a str, not a {type(value).__name__}")
    if not re.fullmatch(r"[!-~]{0,4096}", value):
        # The value is a secret, and errors end up in logs.
        raise ValueError(
            f"{label} (of {len(value)} characters) is not allowed: "
            "it must be at most 4096 visible ASCII characters without spaces"
        )
    return value


def _namespace(label: str, value: object) -> str:
    namespace = _text(label, value)
    if not re.fullmatch(r"([a-zA-Z_][a-zA-Z0-9_]{0,99})?", namespace):
        raise _complaint(
            label, value, "empty, or 1 to 100 ASCII letters, digits and underscores that do not begin with a digit"
        )
    return namespace


def _directory(label: str, value: object) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"{label} must be a path, not {value!r}")
    path = os.fsdecode(cast("str | os.PathLike[str]", value))
    if "\0" in path or (os.path.lexists(path) and not os.path.isdir(path)):
        raise _complaint(label, value, "the path of a directory, which need not exist yet")
    try:
        path.encode()
    except UnicodeEncodeError:
        # The core takes texts, and an import does not fail over a setting.
        raise _complaint(label, value, "a path in UTF-8") from None
    return path


# Field → variable and reader. Ranges are those of the core (cpp/base/limits.h).
_SOURCES: dict[str, tuple[str, _Reader]] = {
    "enabled": ("PERFORMANCE_METRICS_ENABLED", _boolean),
    "window_size": ("METRICS_WINDOW_SIZE", _integer(2, 1_000_000)),
    "quantile_method": ("METRICS_QUANTILE_METHOD", _quantile_method),
    "json_endpoint_enabled": ("METRICS_JSON_ENDPOINT_ENABLED", _boolean),
    "json_port": ("METRICS_JSON_PORT", _integer(0, 65535)),
    "prometheus_enabled": ("PROMETHEUS_ENABLED", _boolean),
    "prometheus_port": ("PROMETHEUS_PORT", _integer(0, 65535)),
    "on_port_in_use": ("METRICS_ON_PORT_IN_USE", _on_port_in_use),
    "host": ("METRICS_HOST", _host),
    "auth_token": ("METRICS_AUTH_TOKEN", _auth_token),
    "namespace": ("METRICS_NAMESPACE", _namespace),
    "window_label": ("METRICS_WINDOW_LABEL", _window_label),
    "max_series": ("METRICS_MAX_SERIES", _integer(1, 1_000_000)),
    "memory_limit_mb": ("METRICS_MEMORY_LIMIT_MB", _integer(1, 1024)),
    "refresh_interval_s": ("METRICS_REFRESH_INTERVAL_S", _seconds(0.1, 3600)),
    "refresh_deadline_s": ("METRICS_REFRESH_DEADLINE_S", _seconds(0.1, 3600)),
    "dir": ("TOOLVITALS_DIR", _directory),
    "strict": ("TOOLVITALS_STRICT", _boolean),
}


def _is_good(variable: str, text: str) -> bool:
    for source, reader in _SOURCES.values():
        if source == variable:
            try:
                reader(variable, text)
            except ValueError:
                return False
    return True


@dataclass(frozen=True)
class Settings:
    """Every setting of toolvitals, checked; immutable and therefore thread-safe.

    Each field is an environment variable and, lower-cased and without its prefix, an argument of `start()`:

    - `enabled` (PERFORMANCE_METRICS_ENABLED): the whole package.
    - `window_size` (METRICS_WINDOW_SIZE): samples kept per tool, 2 to 1,000,000.
    - `quantile_method` (METRICS_QUANTILE_METHOD): "exclusive" or "inclusive", as `statistics.quantiles` names them.
    - `json_endpoint_enabled`, `json_port` (METRICS_JSON_ENDPOINT_ENABLED, METRICS_JSON_PORT): port 0 is any free one.
    - `prometheus_enabled`, `prometheus_port` (PROMETHEUS_ENABLED, PROMETHEUS_PORT): likewise.
    - `on_port_in_use` (METRICS_ON_PORT_IN_USE): what becomes of a port that another program listens on: "raise" an
      OSError, take the "next" that is free of the hundred after it, or "share" it with this user's programs that share
      it too, of which the kernel then chooses one for each client.
    - `host` (METRICS_HOST): the address to listen on.
    - `auth_token` (METRICS_AUTH_TOKEN): the bearer token that every route but /health wants; empty for none.
    - `namespace` (METRICS_NAMESPACE): put before the names of the tool and cache families, with an underscore.
    - `window_label` (METRICS_WINDOW_LABEL): the label that the gauges of sliding windows have for their quantiles, "q"
      or "quantile", as it was called before.
    - `max_series` (METRICS_MAX_SERIES): label sets over all families, 1 to 1,000,000.
    - `memory_limit_mb` (METRICS_MEMORY_LIMIT_MB): budget of the store in MiB, 1 to 1024.
    - `refresh_interval_s` (METRICS_REFRESH_INTERVAL_S): how old the values of custom collectors and of gauges'
      functions may become while somebody scrapes, in seconds, 0.1 to 3600.
    - `refresh_deadline_s` (METRICS_REFRESH_DEADLINE_S): how long a custom collector or a gauge's function may take
      before the others are called without waiting for it, in seconds, 0.1 to 3600.
    - `dir` (TOOLVITALS_DIR): a directory where the processes of one service share their metrics, so that each answers
      for all; made where it is missing. None: they are the process's own, and of those forked from it.
    - `strict` (TOOLVITALS_STRICT): bad records raise instead of being dropped and counted.
    """

    enabled: bool = True
    window_size: int = 1000
    quantile_method: str = "exclusive"
    json_endpoint_enabled: bool = True
    json_port: int = 9109
    prometheus_enabled: bool = False
    prometheus_port: int = 9108
    on_port_in_use: str = "raise"
    host: str = "127.0.0.1"
    auth_token: str = field(default="", repr=False)
    namespace: str = ""
    window_label: str = "q"
    max_series: int = 10_000
    memory_limit_mb: int = 64
    refresh_interval_s: float = 5.0
    refresh_deadline_s: float = 10.0
    dir: str | None = None
    strict: bool = False

    def __post_init__(self) -> None:
        for name, (_, reader) in _SOURCES.items():
            object.__setattr__(self, name, reader(name, getattr(self, name)))
        if self.json_endpoint_enabled and self.prometheus_enabled and self.json_port == self.prometheus_port != 0:
            raise ValueError(
                f"json_port={self.json_port} and prometheus_port={self.prometheus_port} are not allowed: "
                "the two endpoints need different ports, or 0 for any free one"
            )

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, **overrides: object) -> Settings:
        """The settings that the environment gives, each replaced by the override of its name.

        `environ` is `os.environ` where it is left out. ValueError names the variable (or argument), its value, the
        rule and the range; TypeError an argument of the wrong type or one that there is not.
        """
        unknown = sorted(set(overrides) - set(_SOURCES))
        if unknown:
            raise TypeError(f"there is no setting {', '.join(unknown)}; the settings are {', '.join(_SOURCES)}")
        found = os.environ if environ is None else environ
        values = {
            # An override makes the variable irrelevant, so a bad one is no reason to fail.
            field: reader(field, overrides[field]) if field in overrides else reader(variable, found[variable])
            for field, (variable, reader) in _SOURCES.items()
            if field in overrides or variable in found
        }
        made: Settings = make(cls, values)
        return made

    @classmethod
    def tolerant(cls, environ: Mapping[str, str]) -> Settings:
        """As from_env(), but a variable with a bad value counts as its default. Never raises."""
        good = {variable: text for variable, text in environ.items() if _is_good(variable, text)}
        try:
            return cls.from_env(good)
        except ValueError:
            # Only the ports can contradict each other.
            return cls.from_env(good, prometheus_enabled=False)

    def of_core(self) -> dict[str, Any]:
        """Those that the core keeps, as its configure() takes them."""
        return {name: getattr(self, name) for name in _OF_CORE}
