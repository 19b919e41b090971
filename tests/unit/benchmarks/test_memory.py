"""A process' peak is counted over what it held before, and forgotten when that is asked for."""

import os
import subprocess
import sys

from benchmarks.memory import Peaks, forget_peak, resident_bytes

MB = 1_000_000
TAKING = """
import sys
print("idle", flush=True)
for line in sys.stdin:
    taken = b"x" * int(line)
    del taken
    print("done", flush=True)
"""


def test_a_peak_that_is_over_is_still_known_and_counts_over_idle():
    command = [sys.executable, "-c", TAKING]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        peaks = Peaks({"child": process.pid})
        process.stdin.write(f"{50 * MB}\n")
        process.stdin.flush()
        process.stdout.readline()
        assert 45 * MB < peaks.over_idle_bytes()["child"] < 60 * MB
        assert Peaks({"child": process.pid}).over_idle_bytes()["child"] < 5 * MB
        process.stdin.close()


def test_children_are_counted_with_who_started_them():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        assert Peaks({"tests": os.getpid()}).over_idle_bytes()["tests"] >= 0
        assert resident_bytes(process.pid)[0] > 0
        assert process.stdin is not None
        process.stdin.close()


def test_a_process_that_is_gone_has_nothing():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    forget_peak(process.pid)
    assert resident_bytes(process.pid) == (0, 0)
