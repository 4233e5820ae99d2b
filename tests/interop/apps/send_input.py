"""Sends its standard input to a metrics server, for shells: `python -S send_input.py SOCKET`."""

from __future__ import annotations

import shutil
import socket
import sys

with socket.socket(socket.AF_UNIX) as metrics:
    metrics.connect(sys.argv[1])
    shutil.copyfileobj(sys.stdin.buffer, metrics.makefile("wb"))
