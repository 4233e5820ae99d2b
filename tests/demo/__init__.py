"""A real MCP server under load, with its metrics on a table: `make demo`, which is `python -m tests.demo`.

It stands among the tests because it is one, too: it fails where the endpoints' counts are not those of its clients. It
needs what the development environment has, and no user of the wheel needs it.
"""

from __future__ import annotations

__all__: list[str] = []
