"""What the interpreter calls at fork and at exit, registered once for the process, however often we are imported.

What is registered with the interpreter cannot be taken back, and holds the module whose function it is, with all that
this imports. A package that is imported anew, as workflow sandboxes and reloaders do it, would so stay for ever, each
time. Hence one object is registered, which knows the copies of the package weakly; this module imports none of it. The
object is found again where no import makes anything anew: it is an attribute of `sys`.
"""

from __future__ import annotations

import atexit
import os
import sys
import weakref
from collections.abc import Callable
from typing import Any

__all__ = ["hold", "let_go", "tell"]

Hook = Callable[[], object]

# With the number of what it promises, for copies may be of several versions.
_HOME = "_toolvitals_process_hooks_1"
# Behind everything else that multiprocessing does at the end of a worker, which may still record.
_LAST = -1000


class _ProcessHooks:
    def __init__(self) -> None:
        self._forked: list[weakref.ref[Hook]] = []
        self._exiting: list[weakref.ref[Hook]] = []
        self._held: set[Hook] = set()

    def register(self) -> None:
        atexit.register(self.exit)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.fork)
        self._prepare_for_multiprocessing()
        if _is_worker():
            _finalize(self)

    def tell(self, forked: Hook, exiting: Hook) -> None:
        self._forked.append(weakref.ref(forked, self._forked.remove))
        self._exiting.append(weakref.ref(exiting, self._exiting.remove))

    def hold(self, exiting: Hook) -> None:
        self._held.add(exiting)

    def let_go(self, exiting: Hook) -> None:
        self._held.discard(exiting)

    def fork(self) -> None:
        _call(self._forked)
        self._prepare_for_multiprocessing()

    def exit(self) -> None:
        _call(self._exiting)

    def _prepare_for_multiprocessing(self) -> None:
        """Has a worker told of its end: one that has begun, and imports its program, or that is to be forked."""
        util: Any = sys.modules.get("multiprocessing.util")
        if util is not None:
            # A worker forgets all finalizers when its work begins, and then calls what was registered here.
            util.register_after_fork(self, _finalize)


def _call(hooks: list[weakref.ref[Hook]]) -> None:
    for reference in hooks.copy():
        hook = reference()
        if hook is not None:
            hook()


def _finalize(hooks: _ProcessHooks) -> None:
    from multiprocessing.util import Finalize  # which is imported already

    Finalize(None, hooks.exit, exitpriority=_LAST)


def _is_worker() -> bool:
    process = sys.modules.get("multiprocessing.process")
    return process is not None and process.parent_process() is not None


def tell(forked: Hook, exiting: Hook) -> None:
    """Has two functions of a module called for as long as they live: in the child of a fork, where nothing else has run
    yet, and when the interpreter, or a worker of multiprocessing, ends, which they may be told more than once."""
    _of_process().tell(forked, exiting)


def hold(exiting: Hook) -> None:
    """Keeps a function, and so its copy of the package, which has something open that nobody else may hold."""
    _of_process().hold(exiting)


def let_go(exiting: Hook) -> None:
    """Keeps it no more."""
    _of_process().let_go(exiting)


def _of_process() -> Any:
    hooks = getattr(sys, _HOME, None)
    if hooks is None:
        hooks = _ProcessHooks()
        setattr(sys, _HOME, hooks)
        hooks.register()
    return hooks
