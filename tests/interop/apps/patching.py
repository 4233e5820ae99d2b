"""Patches the standard library as programs of greenlets do, first of all, or late."""

from __future__ import annotations


def patch(library: str) -> None:
    if library == "gevent":
        from gevent import monkey

        monkey.patch_all()
    else:
        import eventlet

        eventlet.monkey_patch()
