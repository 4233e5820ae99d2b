"""Is `_noop` under the name of a stub, which stubtest holds it against."""

from __future__ import annotations

import sys

from toolvitals import _noop

sys.modules[__name__] = _noop
