"""A daemon that serves: `daemon_that_serves.py detached|attached before|inside REPORT` writes down what it found."""

from __future__ import annotations

import json
import os
import sys
import urllib.request

import daemon

import toolvitals as tv


def main(detach: str, when: str, report: str) -> None:
    collector = tv.get_collector()
    facts: dict[str, object] = {}
    before = tv.start(json_port=0) if when == "before" else None
    collector.record_tool_call("outside", latency_ms=1.0)
    with daemon.DaemonContext(detach_process=detach == "detached", working_directory=os.getcwd()):
        facts["running before"] = before is not None and before.running
        with open(report + ".own", "w+") as own:
            handle = tv.start(json_port=0)
            facts["running"] = handle.running
            for i in range(200):
                collector.record_tool_call(f"inside{i}", latency_ms=1.0)
            with urllib.request.urlopen(str(handle.json_url)) as answer:
                told = json.load(answer)["tools"]
            facts["inside"] = sum(tool["total_calls"] for name, tool in told.items() if name != "outside")
            facts["overflow"] = "overflow" in told
            facts["outside"] = told["outside"]["total_calls"]
            if before is not None:
                before.stop()
            tv.stop()
            facts["own file"] = os.fstat(own.fileno()).st_size
    with open(report + ".new", "w") as file:
        json.dump(facts, file)
    os.rename(report + ".new", report)


if __name__ == "__main__":
    main(*sys.argv[1:])
