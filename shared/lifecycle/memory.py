"""From how many heaps does a service have its memory? From one.

The GNU C library gives each thread a heap of its own, and each keeps what was once in use of it. Our threads take turns
at documents, so that every heap grew to the size of the largest: a service needed twice the memory for the same work.
Only one thread computes at a time anyway, so that they hardly wait for each other here.
"""

import ctypes
from contextlib import suppress

_ARENA_MAX = -8
"""`M_ARENA_MAX` of glibc's malloc.h (mallopt(3))."""


def share_one_heap() -> None:
    """Let all threads that begin from now on share one heap; other C libraries than GNU's do as they like."""
    with suppress(AttributeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)
