"""Who is held out, by lot: reproducible from the seed, and the same in SQL and in Python."""

import hashlib

BITS = 52
"""So many bits of the digest are the lot; four of them are a digit of its hex."""


def lot(seed: str, account: str) -> int:
    """The lot of an account (its external id), from 0 to 2^52 - 1: the first bits of SHA-256 of seed, line feed, id."""
    digest = hashlib.sha256(f"{seed}\n{account}".encode()).hexdigest()
    return int(digest[: BITS // 4], 16)


def is_held_out(seed: str, account: str, percent: int) -> bool:
    """Whether the lot falls among the `percent` of accounts that get nothing."""
    return lot(seed, account) * 100 < percent << BITS


def lot_in_sql(seed: str, account: str) -> str:
    """The same lot as an SQL expression over two columns of text."""
    digest = f"encode(sha256(convert_to({seed} || chr(10) || {account}, 'UTF8')), 'hex')"
    return f"('x' || left({digest}, {BITS // 4}))::bit({BITS})::bigint"
