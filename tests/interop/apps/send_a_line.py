"""Sends one line to a metrics server with the standard library alone: `python -S send_a_line.py SOCKET`."""

from __future__ import annotations

import json
import socket
import sys

with socket.socket(socket.AF_UNIX) as metrics:
    metrics.connect(sys.argv[1])
    metrics.sendall(json.dumps({"counter": "from_python_jobs", "value": 2}).encode() + b"\n")
