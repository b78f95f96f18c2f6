"""Folding postings into the summaries that the liability page reads.

Invariants: a posting waits, or it is folded, never both and never neither, in
whatever moment one looks; no posting ever waits for a summary row. A fold is one
transaction, and one at a time.
"""

from django.db import connection, transaction

from rewards.ledger.cells import FOLD
from rewards.ledger.models import OpenCell, UnfoldedPosting

LOCK_OF_FOLDING = 7204
MANY = 1_000
"""As many waiting postings a page reads without being felt."""


@transaction.atomic
def fold() -> int:
    """Put every posting that waits into the summaries; returns how many. Harmless to repeat and to share."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK_OF_FOLDING])
        cursor.execute(FOLD)
        folded = int(cursor.fetchone()[0])
    OpenCell.objects.filter(amount=0).delete()
    return folded


def fold_if_many() -> int:
    """Fold when more than a page should read are waiting; returns how many were folded."""
    waiting = UnfoldedPosting.objects.order_by()[: MANY + 1].count()
    return fold() if waiting > MANY else 0
