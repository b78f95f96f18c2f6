"""Message ids that named somebody who was erased: a digest stands for each, so that its event is known the next time.

Few sources make message ids out of who it was, or have told of anybody who was
erased: only for these is a digest worked out for each event that comes in.
"""

# Looked up one by one (OFFSET 0): a plan made while there were few events would read them all.
_IS_STORED = """
(SELECT has_erased_ids FROM accounts_source WHERE id = {source})
AND EXISTS (SELECT FROM accounts_event AS struck
            WHERE struck.source_id = {source} AND struck.message_id = erased_id({message_id}) OFFSET 0)
"""
STRIKE = "UPDATE accounts_event SET message_id = erased_id(message_id) WHERE id = ANY(%s)"
# Call after ids were struck out at these accounts.
NOTE = """
UPDATE accounts_source SET has_erased_ids = true
WHERE NOT has_erased_ids AND id IN (
    SELECT source_id FROM accounts_event WHERE account_id = ANY(%s) AND starts_with(message_id, 'erased:'))
"""


def is_stored_erased(source: str, message_id: str) -> str:
    """SQL for whether the event of a message id is stored already, with the digest in the place of the id."""
    return _IS_STORED.format(source=source, message_id=message_id)
