"""The days whose raw events were deleted: nothing that is dated in them is stored any more.

What was stored is counted, and its raw event told whether it comes a second
time. Once that is gone nobody can tell, so whoever stores events asks here, in
the statement that stores them or in a transaction that has locked the table of
events before it asked.
"""

# It says so to senders, and in the file of refused rows: no apostrophe, since it stands in SQL too.
REASON = (
    "The raw events of that day were deleted, so nobody can tell whether this one is counted already. Leave it out; "
    "Retention in Settings names the days, and for how long raw events are kept."
)

# What must be locked before the question, where the events are stored by a later statement than the one that asks.
HOLD = "LOCK TABLE accounts_event IN ROW EXCLUSIVE MODE"


def is_forgotten(moment: str) -> str:
    """SQL for whether the day of a moment is one of these; NULL while there are none. The table is read once."""
    return (
        f"{moment} >= (SELECT since FROM accounts_forgottendays)"
        f" AND {moment} < (SELECT until FROM accounts_forgottendays)"
    )
