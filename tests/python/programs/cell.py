"""What stands in one cell of a notebook."""

from __future__ import annotations

import toolvitals as tv

handle = tv.start(json_port=0)


@tv.tool
def search(query: str) -> str:
    return query


search("a")
