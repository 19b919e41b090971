"""Do threads share one heap once they are told to?"""

import ctypes
import subprocess
import sys

import pytest

HEAPS = """
import ctypes, threading
from shared.lifecycle.memory import share_one_heap
{first}
libc = ctypes.CDLL(None)
gate = threading.Barrier(4)
def work():
    libc.malloc(1000)
    gate.wait()
threads = [threading.Thread(target=work) for _ in range(3)]
[thread.start() for thread in threads]
gate.wait()
libc.fdopen.restype = ctypes.c_void_p
libc.malloc_info(0, ctypes.c_void_p(libc.fdopen(1, b"w")))
libc.fflush(None)
"""


def heaps_after(first: str) -> int:
    script = HEAPS.format(first=first)
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return said.stdout.count("<heap ")


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_info"), reason="only the GNU C library has heaps per thread")
def test_threads_share_one_heap_once_they_are_told_to():
    assert heaps_after("share_one_heap()") == 1
    assert heaps_after("") > 1
