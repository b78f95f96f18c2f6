"""Who is held out, by lot: reproducible from the seed, and the same in SQL and in Python."""

import hashlib

BITS = 52
"""So many bits of the digest are the lot; they fit a float and a bigint exactly."""


def lot(seed: str, account: str) -> float:
    """The lot of an account (its external id) in [0, 1): the first 52 bits of SHA-256 of seed, line feed, account."""
    digest = hashlib.sha256(f"{seed}\n{account}".encode()).hexdigest()
    return int(digest[: BITS // 4], 16) / (1 << BITS)


def is_held_out(seed: str, account: str, percent: int) -> bool:
    """Whether the lot falls among the `percent` of accounts that get nothing."""
    return lot(seed, account) * 100 < percent
