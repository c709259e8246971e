"""A process that ends with the one that started it: of a supervisor, of a gateway.

Guarantees: nothing that the process does or is done to it keeps it alive. Knows neither of them.
"""

from __future__ import annotations

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1


def end_with(parent: int) -> None:
    """Be killed by the system when the parent (a process id) ends, however it ends. Raises OSError.

    PR_SET_PDEATHSIG and not only a pipe that is watched: it works while this process is stopped or
    its loop hangs, and leaves no moment in which a new parent's processes meet the old ones on the
    same ports and names. SIGKILL and not SIGTERM for the same reason; what it loses is what any
    kill loses, nothing that was accepted. It must be asked for in this process after exec (it is
    forgotten by fork), so the parent may be gone already: that is looked at afterwards.

    What counts as the parent's end is that of the thread that started this process: the one of its
    event loop.
    """
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), "prctl")
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
