"""The demo's MCP server, in a process of its own: `python -m tests.demo.server DATABASE`.

Prints one line of JSON with its addresses when it serves, and ends when its standard input does.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import sys
import threading
from pathlib import Path
from typing import Any

import uvicorn
from mcp.server import MCPServer
from tests.demo import tools
from tests.demo.corpus import Corpus
from tests.demo.ports import HOST, listen, next_free

import toolvitals
from toolvitals.integrations.mcp import instrument

__all__ = ["main", "new_server", "serve"]


def main(database: Path) -> None:
    """Serves until standard input ends."""
    server = new_server(database)
    with _start_endpoints() as endpoints, listen(0) as listener:
        addresses = {
            "mcp": f"http://{HOST}:{listener.getsockname()[1]}/mcp",
            "json": f"http://{HOST}:{endpoints.json_port}/metrics.json",
            "prometheus": f"http://{HOST}:{endpoints.prometheus_port}/metrics",
        }
        print(json.dumps(addresses), flush=True)
        serve(server, listener)


def new_server(database: Path) -> MCPServer[Any]:
    """The server with all that it offers, instrumented and silent."""
    server = instrument(MCPServer[Any]("standard library", log_level="CRITICAL"))
    tools.register(server, Corpus(database))
    logging.disable(logging.CRITICAL)  # The failures that clients provoke would fill the screen with tracebacks.
    return server


def serve(server: MCPServer[Any], listener: socket.socket) -> None:
    """Serves on a listening socket until standard input ends."""
    config = uvicorn.Config(server.streamable_http_app(), log_config=None, timeout_graceful_shutdown=1)
    _run(uvicorn.Server(config), listener)


def _start_endpoints() -> Any:
    json_port = next_free(int(os.environ.get("METRICS_JSON_PORT", "9109")))
    prometheus_port = next_free(int(os.environ.get("PROMETHEUS_PORT", "9108")), apart_from=json_port)
    return toolvitals.start(host=HOST, json_port=json_port, prometheus_enabled=True, prometheus_port=prometheus_port)


def _run(server: uvicorn.Server, listener: socket.socket) -> None:
    def end_with_input() -> None:
        # Not through sys.stdin, whose lock this thread would hold when the interpreter ends for another reason.
        while os.read(0, 4096):
            pass
        server.should_exit = True

    threading.Thread(target=end_with_input, daemon=True).start()
    server.run(sockets=[listener])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
