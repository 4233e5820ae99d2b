"""Records a call, says where it serves, and lives until its standard input ends: `python folder_worker.py FOLDER`."""

from __future__ import annotations

import sys

import toolvitals as tv

if __name__ == "__main__":
    with tv.start(dir=sys.argv[1], json_port=0) as endpoints:
        tv.get_collector().record_tool_call("search", latency_ms=5.0)
        tv.get_collector().record_cache_hit("files")
        print(endpoints.json_url, flush=True)
        sys.stdin.read()
