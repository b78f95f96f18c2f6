"""Contacts that a row names: made when they are new, since somebody who acted is there."""

_NEW_CONTACTS = """
INSERT INTO accounts_contact (account_id, external_id, name, email, role, traits, created_at)
SELECT DISTINCT ON (f.contact) {account}, f.contact, '', '', 'user', '{{}}', now()
FROM import_staged f {joins}
WHERE f.reason IS NULL AND f.contact IS NOT NULL AND {account} IS NOT NULL
      AND NOT EXISTS (SELECT FROM accounts_contact c WHERE c.external_id = f.contact)
ORDER BY f.contact, f.line
ON CONFLICT (external_id) DO NOTHING
"""


def new_contacts(account: str, joins: str) -> str:
    """The statement that makes them; `account` is SQL for the id of the account, found by the joins."""
    return _NEW_CONTACTS.format(account=account, joins=joins)


def of_another_account(account: str) -> str:
    """SQL for why a contact cannot be that of the row, or NULL."""
    return f"CASE WHEN c.account_id <> {account} THEN 'The contact ' || f.contact || ' belongs to another account.' END"
