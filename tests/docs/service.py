"""The service that a reader has already: two tools and a cache, served at the documented ports, in a shared folder."""

from __future__ import annotations

import os
import threading

os.environ["TOOLVITALS_DIR"] = "/dev/shm/myapp"

import toolvitals as tv


@tv.tool
def search(query: str) -> str:
    return query.upper()


@tv.tool
def summarise(text: str) -> str:
    return text[:10]


@tv.cached("answers")
def answer(question: str) -> int:
    return len(question)


for number in range(20):
    search(f"query {number}")
    summarise("text")
    answer("question")
tv.start(json_port=9109, prometheus_enabled=True, prometheus_port=9108)
threading.Event().wait()
