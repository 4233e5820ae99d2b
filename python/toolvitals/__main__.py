"""`python -m toolvitals` is the command `toolvitals`."""

from __future__ import annotations

import sys

from toolvitals.cli import main

if __name__ == "__main__":
    sys.exit(main())
