"""start(on_port_in_use=...): a port that somebody else has, and what the message says about it."""

from __future__ import annotations

import errno
import logging
import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest
from child import result_of
from programs import port_in_use
from web import fetch

import toolvitals as tv
from toolvitals.endpoints import serving
from toolvitals.settings import Settings

__all__: list[str] = []


@pytest.fixture
def taken() -> Iterator[int]:
    """A port of the loopback that is listened on, and the one after it is free."""
    for _ in range(50):
        with socket.socket() as listener, socket.socket() as after:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            port: int = listener.getsockname()[1]
            try:
                after.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            after.close()
            yield port
            return
    pytest.fail("no two ports side by side are free")


def test_raise_names_the_port_and_the_ways_out(taken: int) -> None:
    with pytest.raises(OSError, match=f"port {taken} on 127.0.0.1 is already in use") as caught:
        tv.start(json_port=taken)
    assert caught.value.errno == errno.EADDRINUSE
    for way in ("TOOLVITALS_DIR", "METRICS_JSON_PORT", "PROMETHEUS_PORT", "METRICS_ON_PORT_IN_USE=next"):
        assert way in str(caught.value)
    assert not serving()


def test_next_takes_the_next_free_port_and_says_so(taken: int, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "toolvitals"), tv.start(json_port=taken, on_port_in_use="next") as handle:
        assert handle.json_port == taken + 1
        assert fetch(str(handle.json_url)).json()["schema_version"] == 1
        # Who asks again for the same gets the same, under either number.
        assert tv.start(json_port=taken, on_port_in_use="next") is handle
        assert tv.start(json_port=taken + 1) is handle
    assert caplog.messages == [f"toolvitals listens on port {taken + 1}, because port {taken} is in use"]


def test_next_gives_each_endpoint_a_port_of_its_own(taken: int) -> None:
    ports = {"json_port": taken, "prometheus_port": taken + 1, "prometheus_enabled": True}
    with tv.start(**ports, on_port_in_use="next") as handle:
        assert handle.json_port == taken + 1
        assert handle.prometheus_port not in (None, taken, taken + 1)


def test_next_leaves_a_free_port_as_it_is(unused_tcp_port: int, caplog: pytest.LogCaptureFixture) -> None:
    with tv.start(json_port=unused_tcp_port, on_port_in_use="next") as handle:
        assert handle.json_port == unused_tcp_port
    with tv.start(json_port=0, on_port_in_use="next") as handle:
        assert handle.json_port not in (None, 0)
    assert not caplog.messages


def test_next_ends_at_the_last_port() -> None:
    with socket.socket() as listener:
        with suppress(OSError):
            # Whoever has it already does as well.
            listener.bind(("127.0.0.1", 65535))
            listener.listen()
        with pytest.raises(OSError, match=r"port 65535 on 127\.0\.0\.1 is already in use"):
            tv.start(json_port=65535, on_port_in_use="next")


def test_share_listens_beside_whoever_shares(unused_tcp_port: int) -> None:
    assert result_of(port_in_use.share_with_a_child, str(unused_tcp_port)) is True


def test_share_says_when_the_other_does_not(taken: int) -> None:
    with pytest.raises(OSError, match=r"does not share it.*METRICS_ON_PORT_IN_USE=share"):
        tv.start(json_port=taken, on_port_in_use="share")


def test_the_setting_is_checked() -> None:
    assert Settings.from_env({"METRICS_ON_PORT_IN_USE": " Next "}).on_port_in_use == "next"
    with pytest.raises(ValueError, match="METRICS_ON_PORT_IN_USE='never' is not allowed: it must be raise, next or"):
        Settings.from_env({"METRICS_ON_PORT_IN_USE": "never"})
    with pytest.raises(TypeError, match="on_port_in_use"):
        Settings(on_port_in_use=1)  # type: ignore[arg-type]


def test_a_reloaded_package_keeps_its_endpoints() -> None:
    assert result_of(port_in_use.reload_the_package) == [True, True, False]


def test_a_cell_that_runs_twice() -> None:
    assert result_of(port_in_use.run_a_cell_twice) == [True, 2]


@pytest.mark.parametrize("host", ["127.1", "127.0.0.1", "localhost", "::1", "[::1]"])
def test_the_url_of_the_handle_answers(host: str) -> None:
    if ":" in host and not _has_ipv6():
        pytest.skip("this machine has no IPv6")
    with tv.start(host=host, json_port=0) as handle:
        assert fetch(str(handle.json_url)).json()["schema_version"] == 1


def test_a_name_that_leads_to_the_loopback_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    # A name of the machine's own, in the way of HOSTALIASES or /etc/hosts: the resolver is not to be changed here, so
    # the request is made to the address with the name as its Host.
    name = socket.gethostname()
    try:
        addresses = {info[4][0] for info in socket.getaddrinfo(name, None)}
    except OSError:
        pytest.skip("the machine's own name leads nowhere")
    if not all(str(address).startswith("127.") or address == "::1" for address in addresses):
        pytest.skip("the machine's own name leads to no loopback address")
    with tv.start(host=name, json_port=0) as handle:
        assert fetch(str(handle.json_url)).json()["schema_version"] == 1
        for host, status in ((name.upper(), 200), ("evil.example", 403)):
            assert fetch(f"http://{name}:{handle.json_port}/metrics", Host=host).status_code == status


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
