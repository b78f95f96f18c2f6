"""Who may take in files of which kind, and how large they may be."""

from accounts.sources.rules import Kind
from loyalty.core.people.rules import Function

MEGABYTE = 1 << 20
MAX_FILE_BYTES = 1024 * MEGABYTE
PIECE_BYTES = MEGABYTE
# How much of a file is looked at before it is taken in.
ROWS_SHOWN = 5
ROWS_TRIED = 500

# Whose figures a kind moves: MRR is Finance's, product use is Product's, the rest is Customer Success'.
IMPORTED_BY: dict[Kind, Function] = {
    Kind.ACCOUNT: Function.CS,
    Kind.SUBSCRIPTION: Function.FINANCE,
    Kind.USAGE: Function.PRODUCT,
    Kind.SUPPORT: Function.CS,
    Kind.FEEDBACK: Function.CS,
}


def may_import(kind: Kind, functions: frozenset[Function] | set[Function], *, is_administrator: bool) -> bool:
    """Whether somebody of these functions may take in files of the kind; administrators may take in all."""
    return is_administrator or IMPORTED_BY[kind] in functions
