"""Pools of workers, as a program's file begins them: `python pools.py KIND METHOD [serves]`."""

from __future__ import annotations

import json
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor

import toolvitals as tv


@tv.tool
def work(x: int) -> tuple[int, int]:
    """What it was given, and how many calls of it are in progress in its process."""
    found = tv.get_collector().get_tool_metrics("work")
    assert found is not None
    return x, found["in_progress"]


def main(kind: str, method: str, serves: str = "") -> None:
    if serves:
        tv.start(json_port=0)
    context = multiprocessing.get_context(method)
    pool = context.Pool(2) if kind == "multiprocessing" else ProcessPoolExecutor(2, mp_context=context)
    with pool:
        worked = list(pool.map(work, range(20)))
    assert [x for x, _ in worked] == list(range(20))
    found = tv.get_collector().get_tool_metrics("work")
    print(json.dumps([found and found["total_calls"], sorted({under_way for _, under_way in worked})]))


if __name__ == "__main__":
    main(*sys.argv[1:])
