"""settings.py: what the environment and the arguments of start() say."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from child import result_of
from programs import settings

from toolvitals.settings import Settings

DEFAULTS = {
    "enabled": True,
    "window_size": 1000,
    "quantile_method": "exclusive",
    "json_endpoint_enabled": True,
    "json_port": 9109,
    "prometheus_enabled": False,
    "prometheus_port": 9108,
    "on_port_in_use": "raise",
    "host": "127.0.0.1",
    "auth_token": "",
    "namespace": "",
    "window_label": "q",
    "max_series": 10_000,
    "memory_limit_mb": 64,
    "refresh_interval_s": 5.0,
    "refresh_deadline_s": 10.0,
    "dir": None,
    "strict": False,
}

BOOLEANS = {
    "PERFORMANCE_METRICS_ENABLED": "enabled",
    "METRICS_JSON_ENDPOINT_ENABLED": "json_endpoint_enabled",
    "PROMETHEUS_ENABLED": "prometheus_enabled",
    "TOOLVITALS_STRICT": "strict",
}

INTEGERS = [
    ("METRICS_WINDOW_SIZE", "window_size", 2, 1_000_000),
    ("METRICS_JSON_PORT", "json_port", 0, 65535),
    ("PROMETHEUS_PORT", "prometheus_port", 0, 65535),
    ("METRICS_MAX_SERIES", "max_series", 1, 1_000_000),
    ("METRICS_MEMORY_LIMIT_MB", "memory_limit_mb", 1, 1024),
]


def test_defaults_are_the_contracts() -> None:
    assert dataclasses.asdict(Settings.from_env({})) == DEFAULTS
    assert Settings() == Settings.from_env({})


def test_settings_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().window_size = 5  # type: ignore[misc]


@pytest.mark.parametrize(("variable", "field"), BOOLEANS.items())
def test_booleans(variable: str, field: str) -> None:
    for text in ("1", "true", "YES", "On", " TRUE "):
        assert getattr(Settings.from_env({variable: text}), field) is True
    for text in ("0", "false", "No", "OFF"):
        assert getattr(Settings.from_env({variable: text}), field) is False
    for text in ("", "2", "maybe", "truee", "ja"):
        with pytest.raises(ValueError, match=f"{variable}=.*must be one of 1, 0, true, false") as caught:
            Settings.from_env({variable: text})
        assert repr(text) in str(caught.value)


@pytest.mark.parametrize(("variable", "field", "low", "high"), INTEGERS)
def test_integers(variable: str, field: str, low: int, high: int) -> None:
    for value in (low, high):
        assert getattr(Settings.from_env({variable: f" {value} "}), field) == value
        assert getattr(Settings.from_env({}, **{field: value}), field) == value
    for text in (str(low - 1), str(high + 1), "1.5", "", "1_000", "٣", "0x10", "9" * 400):
        with pytest.raises(ValueError, match=f"{variable}=.*a whole number from {low} to {high}"):
            Settings.from_env({variable: text})
    with pytest.raises(ValueError, match=f"{field}={high + 1} .*from {low} to {high}"):
        Settings.from_env({}, **{field: high + 1})
    for wrong in (1.5, None, True):
        with pytest.raises(TypeError, match=f"{field} must be an int"):
            Settings.from_env({}, **{field: wrong})


def test_quantile_method() -> None:
    assert Settings.from_env({"METRICS_QUANTILE_METHOD": "Inclusive"}).quantile_method == "inclusive"
    with pytest.raises(ValueError, match=r"METRICS_QUANTILE_METHOD='median' .*exclusive or inclusive"):
        Settings.from_env({"METRICS_QUANTILE_METHOD": "median"})


def test_window_label() -> None:
    assert Settings.from_env({"METRICS_WINDOW_LABEL": " Quantile"}).window_label == "quantile"
    for bad in ("", "p", "le"):
        with pytest.raises(ValueError, match=rf"METRICS_WINDOW_LABEL='{bad}' .*q or quantile"):
            Settings.from_env({"METRICS_WINDOW_LABEL": bad})
    with pytest.raises(TypeError, match="window_label must be a str"):
        Settings.from_env({}, window_label=0.5)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "[::1]", "0.0.0.0", "fe80::1%eth0", "metrics.example.org"])
def test_hosts(host: str) -> None:
    assert Settings.from_env({"METRICS_HOST": host}).host == host


@pytest.mark.parametrize("host", ["", "a b", "http://x", "x\n", "é", "a" * 254])
def test_bad_hosts(host: str) -> None:
    if host == "x\n":
        assert Settings.from_env({"METRICS_HOST": host}).host == "x"
        return
    with pytest.raises(ValueError, match="METRICS_HOST="):
        Settings.from_env({"METRICS_HOST": host})


def test_namespace() -> None:
    assert Settings.from_env({"METRICS_NAMESPACE": "my_app2"}).namespace == "my_app2"
    for bad in ("2app", "my-app", "my app", "é", "a" * 101):
        with pytest.raises(ValueError, match="METRICS_NAMESPACE="):
            Settings.from_env({"METRICS_NAMESPACE": bad})


def test_the_token_is_kept_secret() -> None:
    settings = Settings.from_env({"METRICS_AUTH_TOKEN": "s3cret"})
    assert settings.auth_token == "s3cret"
    assert "s3cret" not in repr(settings)
    with pytest.raises(ValueError, match="METRICS_AUTH_TOKEN") as caught:
        Settings.from_env({"METRICS_AUTH_TOKEN": "s3cret word"})
    assert "s3cret" not in str(caught.value)
    with pytest.raises(TypeError, match="auth_token must be a str, not a bytes"):
        Settings.from_env({}, auth_token=b"s3cret")


def test_dir(tmp_path: Path) -> None:
    assert Settings.from_env({"TOOLVITALS_DIR": ""}).dir is None
    assert Settings.from_env({"TOOLVITALS_DIR": str(tmp_path)}).dir == str(tmp_path)
    assert Settings.from_env({}, dir=tmp_path / "new").dir == str(tmp_path / "new")
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(ValueError, match=r"TOOLVITALS_DIR=.*path of a directory"):
        Settings.from_env({"TOOLVITALS_DIR": str(file)})
    with pytest.raises(ValueError, match=r"TOOLVITALS_DIR=.*a path in UTF-8"):
        Settings.from_env({"TOOLVITALS_DIR": "/tmp/\udcff"})
    with pytest.raises(ValueError, match=r"dir=.*path of a directory"):
        Settings.from_env({}, dir="a\0b")


def test_overrides_win_over_the_environment() -> None:
    environ = {"METRICS_JSON_PORT": "nonsense", "METRICS_WINDOW_SIZE": "50"}
    settings = Settings.from_env(environ, json_port=1)
    assert (settings.json_port, settings.window_size) == (1, 50)


def test_unknown_overrides_are_named() -> None:
    with pytest.raises(TypeError, match=r"no setting jsonport; the settings are .*json_port"):
        Settings.from_env({}, jsonport=1)


def test_the_endpoints_need_two_ports() -> None:
    with pytest.raises(ValueError, match="json_port=80 and prometheus_port=80"):
        Settings(prometheus_enabled=True, json_port=80, prometheus_port=80)
    assert Settings(prometheus_enabled=True, json_port=0, prometheus_port=0).prometheus_port == 0
    assert Settings(json_port=80, prometheus_port=80).json_port == 80


@pytest.mark.parametrize("variable", [*BOOLEANS, *(row[0] for row in INTEGERS), "METRICS_QUANTILE_METHOD"])
def test_a_bad_variable_counts_as_its_default_until_start(variable: str) -> None:
    assert Settings.tolerant({variable: "nonsense"}) == Settings()
    same_ports = {"PROMETHEUS_ENABLED": "1", "PROMETHEUS_PORT": "80", "METRICS_JSON_PORT": "80"}
    assert Settings.tolerant(same_ports).prometheus_enabled is False


@pytest.mark.parametrize("variable", ["PERFORMANCE_METRICS_ENABLED", "METRICS_WINDOW_SIZE", "METRICS_NAMESPACE"])
def test_import_survives_what_start_refuses(variable: str) -> None:
    message, calls = result_of(settings.start_with_a_bad_setting, **{variable: "no-n sense"})
    assert message.startswith(f"{variable}='no-n sense'")
    assert calls == 1


def test_the_environment_reaches_the_core_at_import() -> None:
    assert result_of(settings.window_size, METRICS_WINDOW_SIZE="77") == 77


def test_start_reconfigures_a_live_store() -> None:
    window, metrics = result_of(settings.reconfigure)
    assert window == 5
    assert metrics["total_calls"] == 20
    assert metrics["latency_ms"]["count"] == 5
    assert metrics["latency_ms"]["p50"] == 7.0


def settings_of(**values: Any) -> Settings:
    return Settings(**values)


def test_the_constructor_checks_too() -> None:
    with pytest.raises(ValueError, match="window_size=1 "):
        settings_of(window_size=1)
    with pytest.raises(TypeError, match="strict must be a bool"):
        settings_of(strict=1)
