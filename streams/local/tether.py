"""Become another program that ends when the process that started this one does.

    python -I -S tether.py PARENT PROGRAM ARGUMENT...

The kernel sends the death signal when the parent's *thread* that forked ends, so start this from a
thread that lives as long as the broker shall: the event loop's. Done here, after exec, and not in a
`preexec_fn`: no Python code may safely run between fork and exec of a process with threads.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tie, then become the program."""
    parent, *command = sys.argv[1:]
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(parent):
        sys.exit("the parent is gone")  # before the signal was asked for
    os.execv(command[0], command)  # noqa: S606 - the point of it


if __name__ == "__main__":
    main()
