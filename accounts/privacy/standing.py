"""Consent in SQL, for statements that look at many contacts at once."""


def consents_in_sql(contact: str) -> str:
    """An expression: whether the contact with the id in this column consents now; the latest word stands."""
    return (
        f"coalesce((SELECT word.granted FROM accounts_consent AS word WHERE word.contact_id = {contact}"
        " ORDER BY word.at DESC, word.granted, word.id DESC LIMIT 1), false)"
    )
