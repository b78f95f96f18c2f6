"""How much memory this program has had at most."""

from pathlib import Path


def peak_mb() -> float:
    """Peak resident memory of this program in MiB.

    From /proc and not from getrusage, whose figure also remembers the program that
    started this one: under a large test run it would tell of the tests.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    kib = next(line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(kib) / 1024
