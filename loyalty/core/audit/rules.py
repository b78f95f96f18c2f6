"""The closed set of things that can stand in the audit."""

from enum import StrEnum


class AuditVerb(StrEnum):
    """What was done; a new write verb of the application adds a member here."""

    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGNED_OUT = "signed_out"
    PERSON_CREATED = "person_created"
    PERSON_CHANGED = "person_changed"
    SOURCE_CREATED = "source_created"
    SOURCE_KEY_MADE = "source_key_made"
    SOURCE_KEY_REVOKED = "source_key_revoked"
    IMPORTED = "imported"
    EXPORTED = "exported"
    CHANGE_PROPOSED = "change_proposed"
    CHANGE_EDITED = "change_edited"
    CHANGE_COMMENTED = "change_commented"
    CHANGE_APPROVED = "change_approved"
    CHANGE_REJECTED = "change_rejected"
    CHANGE_WITHDRAWN = "change_withdrawn"
    CHANGE_APPLIED = "change_applied"
    CREATED = "created"
    EDITED = "edited"
    REFUSED = "refused"
    OFFER_PROPOSED = "offer_proposed"
    OFFER_APPROVED = "offer_approved"
    OFFER_REJECTED = "offer_rejected"
    OFFER_LAPSED = "offer_lapsed"
    GRANT_ISSUED = "grant_issued"
    LEDGER_POSTED = "ledger_posted"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ")
