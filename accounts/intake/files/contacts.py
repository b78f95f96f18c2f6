"""Contacts that a row names: made when they are new, since somebody who acted is there, unless they were erased."""

from accounts.intake.rules import WAS_ERASED
from accounts.intake.whereabouts import told_by

# Whoever is there already is left out first (OFFSET 0 keeps the joins from being made before).
_NEW_CONTACTS = """
INSERT INTO accounts_contact (account_id, external_id, name, email, role, traits, created_at)
SELECT DISTINCT ON (f.contact) {account}, f.contact, '', '', 'user', '{{}}', now()
FROM (SELECT * FROM import_staged s
      WHERE s.reason IS NULL AND s.contact IS NOT NULL
            AND NOT EXISTS (SELECT FROM accounts_contact c WHERE c.external_id = s.contact) OFFSET 0) AS f
{joins}
WHERE {account} IS NOT NULL
ORDER BY f.contact, f.line
ON CONFLICT (external_id) DO NOTHING
"""


def new_contacts(account: str, joins: str) -> str:
    """The statement that makes them; `account` is SQL for the id of the account, found by the joins."""
    return _NEW_CONTACTS.format(account=account, joins=joins)


def of_another_account(account: str) -> str:
    """SQL for why a contact cannot be that of the row, or NULL.

    What somebody did at an account where they were once stays theirs when they have gone to another.
    """
    return f"""
CASE WHEN c.account_id <> {account} AND c.seen_account_id IS DISTINCT FROM {account}
      AND NOT EXISTS (SELECT {told_by("c.id", f"p.account_id = {account}")})
      AND NOT EXISTS (SELECT FROM accounts_contactday d WHERE d.contact_id = c.id AND d.account_id = {account})
     THEN 'The contact ' || f.contact || ' belongs to another account.' END
"""


# The database lets nobody be made who was erased; of who is there nobody needs to ask.
OF_ERASED = f"""CASE WHEN f.contact IS NOT NULL AND c.id IS NULL AND contact_was_erased(f.contact)
    THEN '{WAS_ERASED}' END"""
