"""The data the demo's tools work on: the source of the running Python's standard library, in a full-text index."""

from __future__ import annotations

import sqlite3
import sysconfig
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = ["Corpus", "build", "source_files"]

# Installed packages are not the standard library, and its tests would be most of the index.
_LEFT_OUT = {"site-packages", "dist-packages", "__pycache__", "test", "tests", "idle_test"}


def source_files() -> list[tuple[str, Path]]:
    """The modules of the standard library, as (path below it, file), sorted."""
    root = Path(sysconfig.get_path("stdlib"))
    files = (path for path in root.rglob("*.py") if not _LEFT_OUT.intersection(path.relative_to(root).parts))
    return sorted((path.relative_to(root).as_posix(), path) for path in files)


def build(database: Path, files: list[tuple[str, Path]], indexed: Callable[[], object]) -> None:
    """Writes the index; calls indexed() after each file.

    Raises:
        sqlite3.OperationalError: this Python's SQLite has no FTS5.
    """
    connection = sqlite3.connect(database)
    try:
        connection.execute("CREATE TABLE source (path TEXT PRIMARY KEY, text TEXT NOT NULL)")
        connection.execute("CREATE VIRTUAL TABLE words USING fts5 (path UNINDEXED, text)")
        for name, path in files:
            row = (name, path.read_text(encoding="utf-8", errors="replace"))
            connection.execute("INSERT INTO source VALUES (?, ?)", row)
            connection.execute("INSERT INTO words VALUES (?, ?)", row)
            indexed()
        connection.commit()
    finally:
        connection.close()


class Corpus:
    """The index, for reading. Safe to use from many threads: each has a connection of its own."""

    def __init__(self, database: Path) -> None:
        self._uri = f"{database.resolve().as_uri()}?mode=ro"
        self._local = threading.local()

    def search(self, query: str, limit: int) -> list[tuple[str, str]]:
        """The files that match an FTS5 query best, as (path, excerpt)."""
        statement = "SELECT path, snippet(words, 1, '[', ']', '...', 8) FROM words WHERE words MATCH ? LIMIT ?"
        return self._connection().execute(statement, (query, limit)).fetchall()

    def read(self, path: str) -> str:
        """The text of one file; FileNotFoundError where there is none."""
        row = self._connection().execute("SELECT text FROM source WHERE path = ?", (path,)).fetchone()
        if row is None:
            raise FileNotFoundError(f"{path} is not in the standard library")
        return str(row[0])

    def below(self, folder: str) -> Iterator[tuple[str, str]]:
        """All files whose path begins with the folder, as (path, text)."""
        statement = "SELECT path, text FROM source WHERE substr(path, 1, ?) = ? ORDER BY path"
        yield from self._connection().execute(statement, (len(folder), folder))

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = sqlite3.connect(self._uri, uri=True)
        return connection
