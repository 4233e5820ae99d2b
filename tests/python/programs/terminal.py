"""Makes standard input the terminal that controls the program, as it is where somebody sits: `terminal.py ARGUMENT...`.

What follows are the arguments of the interpreter that takes this one's place.
"""

from __future__ import annotations

import fcntl
import os
import sys
import termios

if __name__ == "__main__":
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
