"""Sends lines that count one each: `python send_lines.py SOCKET` sends half a million."""

from __future__ import annotations

import socket
import sys

LINE = b'{"counter":"c","value":1}\n'


def send(path: str, lines: int, times: int = 1) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        for _ in range(times):
            client.sendall(LINE * lines)


if __name__ == "__main__":
    send(sys.argv[1], 5000, times=100)
