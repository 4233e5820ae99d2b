"""zope.interface: interfaces that are verified against tools."""

from __future__ import annotations

from typing import Any

import pytest
from zope.interface import Interface, Invalid, implementer, invariant
from zope.interface.exceptions import BrokenMethodImplementation
from zope.interface.interface import fromFunction
from zope.interface.verify import verifyClass, verifyObject

FRAMEWORK = "zope.interface"
DISTRIBUTION = "zope.interface"


class Runs(Interface):
    """Runs."""

    def run(first, second=1):
        """Runs."""


@pytest.mark.calls(1)
def test_verify(tool: Any) -> object:
    """`verifyObject` and `verifyClass` compare the arguments of methods, which they read from `__code__`."""

    @implementer(Runs)
    class Good:
        @tool("good")
        def run(self, first: int, second: int = 1) -> int:
            return first + second

    @implementer(Runs)
    class Bad:
        @tool("bad")
        def run(self) -> None: ...

    with pytest.raises(BrokenMethodImplementation):
        verifyObject(Runs, Bad())
    return verifyObject(Runs, Good()), verifyClass(Runs, Good), Good().run(1)


@pytest.mark.calls(1)
def test_interface_of_tools(tool: Any) -> object:
    """An interface whose methods and invariants are tools, and `fromFunction`."""

    class Sized(Interface):
        @tool("declared")
        def size(unit: str = "b") -> int: ...

        @invariant
        @tool("invariant")
        def positive(thing: Any) -> None:
            raise Invalid("never")

    with pytest.raises(Invalid):
        Sized.validateInvariants(object())
    described = fromFunction(tool("function")(lambda a, b=1, *c: a))
    return Sized.names(), described.getSignatureInfo(), Sized["size"].getSignatureInfo()
