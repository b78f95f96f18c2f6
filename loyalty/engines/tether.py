"""Ties a child process to the life of its parent.

A supervisor that is killed outright cannot stop its children. On Linux the
kernel does it: it sends the child a signal when its parent ends. Elsewhere
there is no such tie, and the children end when their own work does.
"""

import ctypes
import os
import sys
from collections.abc import Callable
from signal import Signals

PR_SET_PDEATHSIG = 1

_prctl = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None


def tied_to_parent(last_words: Signals) -> Callable[[], None]:
    """Make a `preexec_fn` that has the kernel send `last_words` when this process ends.

    Only for a parent without threads: the tie is to the thread that forks, and
    code between fork and exec must not meet another thread's locks.
    """
    parent = os.getpid()

    def tie() -> None:
        if _prctl is None:
            return
        _prctl(PR_SET_PDEATHSIG, int(last_words), 0, 0, 0)
        # The parent may have ended before the tie was made.
        if os.getppid() != parent:
            os._exit(1)

    return tie
