"""One of many server processes: `python -m tests.demo.worker DATABASE LEDGER NUMBER MCP JSON PROMETHEUS`.

With the number it signs what it writes into the ledger; the ports are those that all of them share. Prints a line when
it serves, and ends when its standard input does.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.demo.ledger import Ledger, acknowledge
from tests.demo.ports import HOST, listen
from tests.demo.server import new_server, serve

import toolvitals

__all__ = ["main"]


def main(database: Path, ledger_path: Path, number: int, mcp_port: int, json_port: int, prometheus_port: int) -> None:
    """Serves until standard input ends."""
    server = new_server(database)
    with Ledger(ledger_path) as ledger:
        acknowledge(server, ledger, number)
        with (
            toolvitals.start(host=HOST, json_port=json_port, prometheus_enabled=True, prometheus_port=prometheus_port),
            # Last of all: from here on the kernel hands this process its share of the connections.
            listen(mcp_port, shared=True) as listener,
        ):
            print("serving", flush=True)
            serve(server, listener)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:]))
