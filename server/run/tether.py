"""Runs a command that dies with the process that started it: `python tether.py <command …>` execs the command.

Kept free of imports from this project, so that it starts in a few milliseconds.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # linux/prctl.h; the setting survives exec


def tethered(command: list[str]) -> list[str]:
    """`command`, wrapped so that the kernel kills it when its parent is gone, however the parent ended."""
    return [sys.executable, "-I", "-S", str(Path(__file__).resolve()), str(os.getpid()), *command]


def main() -> None:
    parent = int(sys.argv[1])
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:  # it was gone before the kernel knew whom to watch
        sys.exit(1)
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 - the command comes from our own program table


if __name__ == "__main__":
    main()
