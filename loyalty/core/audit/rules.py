"""The closed set of things that can stand in the audit."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class AuditVerb(StrEnum):
    """What was done; a new write verb of the application adds a member here."""

    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGNED_OUT = "signed_out"
    PERSON_CREATED = "person_created"
    PERSON_CHANGED = "person_changed"
    PERSON_INVITED = "person_invited"
    PERSON_LINK_MADE = "person_link_made"
    PASSWORD_SET = "password_set"  # noqa: S105
    SECOND_FACTOR_SET = "second_factor_set"
    SECOND_FACTOR_DROPPED = "second_factor_dropped"
    SECOND_FACTOR_FAILED = "second_factor_failed"
    RECOVERY_CODES_MADE = "recovery_codes_made"
    RECOVERY_CODE_USED = "recovery_code_used"
    NOTICES_CHOSEN = "notices_chosen"
    SOURCE_CREATED = "source_created"
    SOURCE_RECORD_SET = "source_record_set"
    SOURCE_KEY_MADE = "source_key_made"
    SOURCE_KEY_REVOKED = "source_key_revoked"
    SOURCE_SIGNING_SET = "source_signing_set"
    SOURCE_SIGNING_REVOKED = "source_signing_revoked"
    IMPORTED = "imported"
    REPLAYED = "replayed"
    JOB_STARTED = "job_started"
    JOB_CANCELLED = "job_cancelled"
    EXPORTED = "exported"
    CHANGE_PROPOSED = "change_proposed"
    CHANGE_EDITED = "change_edited"
    CHANGE_DRAFTED = "change_drafted"
    CHANGE_RETURNED = "change_returned"
    CHANGE_EXPIRED = "change_expired"
    CHANGE_COMMENTED = "change_commented"
    CHANGE_APPROVED = "change_approved"
    CHANGE_REJECTED = "change_rejected"
    CHANGE_WITHDRAWN = "change_withdrawn"
    CHANGE_APPLIED = "change_applied"
    CONTACT_ROLE_SET = "contact_role_set"
    CONSENT_RECORDED = "consent_recorded"
    CONTACT_ERASED = "contact_erased"
    QUIZ_LINK_MADE = "quiz_link_made"
    QUIZ_ANSWERED = "quiz_answered"
    CREATED = "created"
    EDITED = "edited"
    REFUSED = "refused"
    DELEGATED = "delegated"
    DELEGATION_ENDED = "delegation_ended"
    CAMPAIGN_APPROVED = "campaign_approved"
    CAMPAIGN_MOVED = "campaign_moved"
    OFFER_PROPOSED = "offer_proposed"
    OFFER_APPROVED = "offer_approved"
    OFFER_REJECTED = "offer_rejected"
    OFFER_LAPSED = "offer_lapsed"
    OFFER_WITHDRAWN = "offer_withdrawn"
    OFFER_REVISED = "offer_revised"
    OFFER_SNOOZED = "offer_snoozed"
    OFFER_WOKEN = "offer_woken"
    OFFER_REASSIGNED = "offer_reassigned"
    OFFER_COMMENTED = "offer_commented"
    OFFER_UNDONE = "offer_undone"
    VIEW_KEPT = "view_kept"
    VIEW_REMOVED = "view_removed"
    OFFER_DELIVERED = "offer_delivered"
    OFFER_ACCEPTED = "offer_accepted"
    OFFER_DECLINED = "offer_declined"
    OFFER_REDEEMED = "offer_redeemed"
    GRANT_ISSUED = "grant_issued"
    LEDGER_POSTED = "ledger_posted"
    API_KEY_MADE = "api_key_made"
    API_KEY_REVOKED = "api_key_revoked"
    WEBHOOK_SIGNING_SET = "webhook_signing_set"
    WEBHOOK_SIGNING_REVOKED = "webhook_signing_revoked"
    WEBHOOK_PAUSED = "webhook_paused"
    WEBHOOK_RESUMED = "webhook_resumed"
    WEBHOOK_RESENT = "webhook_resent"
    BILLING_CONNECTED = "billing_connected"
    BILLING_DISCONNECTED = "billing_disconnected"
    CREDIT_SENT_AGAIN = "credit_sent_again"
    MONTH_CLOSED = "month_closed"
    MONTH_REOPENED = "month_reopened"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ")


V = AuditVerb

# {actor} is who did it, {label} what it was done to, {thing} the same with its kind. A test holds the table total.
TITLES: dict[AuditVerb, str] = {
    V.SIGNED_IN: "{actor} signed in",
    V.SIGN_IN_FAILED: "A sign-in as “{label}” failed",
    V.SIGNED_OUT: "{actor} signed out",
    V.PERSON_CREATED: "{actor} added {label} to the people",
    V.PERSON_CHANGED: "{actor} changed {label}",
    V.PERSON_INVITED: "{actor} invited {label}",
    V.PERSON_LINK_MADE: "{actor} made a link for {label} to choose a password",
    V.PASSWORD_SET: "{actor} set a new password",
    V.SECOND_FACTOR_SET: "{actor} set up a second factor",
    V.SECOND_FACTOR_DROPPED: "{actor} dropped the second factor of {label}",
    V.SECOND_FACTOR_FAILED: "A code typed by “{label}” was not right",
    V.RECOVERY_CODES_MADE: "{actor} made recovery codes",
    V.RECOVERY_CODE_USED: "{actor} used a recovery code",
    V.NOTICES_CHOSEN: "{actor} chose how {label} is told of things",
    V.SOURCE_CREATED: "{actor} made the source {label}",
    V.SOURCE_RECORD_SET: "{actor} set the system of record for {label}",
    V.SOURCE_KEY_MADE: "{actor} made a key for {label}",
    V.SOURCE_KEY_REVOKED: "{actor} revoked a key of {label}",
    V.SOURCE_SIGNING_SET: "{actor} set a signing secret of {label}",
    V.SOURCE_SIGNING_REVOKED: "{actor} revoked a signing secret of {label}",
    V.IMPORTED: "{actor} imported {label}",
    V.REPLAYED: "{actor} sent again what was refused: {label}",
    V.JOB_STARTED: "{actor} started the job “{label}”",
    V.JOB_CANCELLED: "{actor} cancelled the job “{label}”",
    V.EXPORTED: "{actor} exported “{label}”",
    V.CHANGE_PROPOSED: "{actor} proposed: {label}",
    V.CHANGE_EDITED: "{actor} wrote anew: {label}",
    V.CHANGE_DRAFTED: "{actor} drafted: {label}",
    V.CHANGE_RETURNED: "{actor} asked for changes: {label}",
    V.CHANGE_EXPIRED: "{actor} closed, since nobody decided: {label}",
    V.CHANGE_COMMENTED: "{actor} commented on: {label}",
    V.CHANGE_APPROVED: "{actor} approved: {label}",
    V.CHANGE_REJECTED: "{actor} rejected: {label}",
    V.CHANGE_WITHDRAWN: "{actor} withdrew: {label}",
    V.CHANGE_APPLIED: "{actor} applied: {label}",
    V.CONTACT_ROLE_SET: "{actor} set the role of {label}",
    V.CONSENT_RECORDED: "{actor} recorded the consent of {label}",
    V.CONTACT_ERASED: "{actor} erased {label}",
    V.QUIZ_LINK_MADE: "{actor} made a quiz link for {label}",
    V.QUIZ_ANSWERED: "{actor} stored the quiz answers of {label}",
    V.CREATED: "{actor} made {thing}",
    V.EDITED: "{actor} edited {thing}",
    V.REFUSED: "{actor} was refused: {label}",
    V.DELEGATED: "{actor} let {label} decide in their place",
    V.DELEGATION_ENDED: "{actor} took back what {label} decided in their place",
    V.CAMPAIGN_APPROVED: "{actor} approved the campaign {label}",
    V.CAMPAIGN_MOVED: "{actor} moved the campaign {label}",
    V.OFFER_PROPOSED: "{actor} proposed {label}",
    V.OFFER_APPROVED: "{actor} approved {label}",
    V.OFFER_REJECTED: "{actor} rejected {label}",
    V.OFFER_LAPSED: "{actor} let lapse {label}",
    V.OFFER_WITHDRAWN: "{actor} withdrew {label}",
    V.OFFER_REVISED: "{actor} changed the terms of {label}",
    V.OFFER_SNOOZED: "{actor} snoozed {label}",
    V.OFFER_WOKEN: "{actor} woke {label}",
    V.OFFER_REASSIGNED: "{actor} reassigned {label}",
    V.OFFER_COMMENTED: "{actor} commented on {label}",
    V.OFFER_UNDONE: "{actor} took back a decision on {label}",
    V.VIEW_KEPT: "{actor} kept the view “{label}”",
    V.VIEW_REMOVED: "{actor} removed the view “{label}”",
    V.OFFER_DELIVERED: "{actor} handed over {label}",
    V.OFFER_ACCEPTED: "{actor} noted that the customer accepted {label}",
    V.OFFER_DECLINED: "{actor} noted that the customer declined {label}",
    V.OFFER_REDEEMED: "{actor} redeemed {label}",
    V.GRANT_ISSUED: "{actor} granted {label}",
    V.LEDGER_POSTED: "{actor} posted {label} to the ledger",
    V.API_KEY_MADE: "{actor} made an API key for {label}",
    V.API_KEY_REVOKED: "{actor} revoked an API key of {label}",
    V.WEBHOOK_SIGNING_SET: "{actor} made a signing secret for {label}",
    V.WEBHOOK_SIGNING_REVOKED: "{actor} revoked a signing secret of {label}",
    V.WEBHOOK_PAUSED: "{actor} stopped sending webhooks to {label}",
    V.WEBHOOK_RESUMED: "{actor} resumed sending webhooks to {label}",
    V.WEBHOOK_RESENT: "{actor} sent again {label}",
    V.BILLING_CONNECTED: "{actor} connected Stripe",
    V.BILLING_DISCONNECTED: "{actor} disconnected Stripe",
    V.CREDIT_SENT_AGAIN: "{actor} sent again the credit on {label}",
    V.MONTH_CLOSED: "{actor} closed the {label}",
    V.MONTH_REOPENED: "{actor} reopened the {label}",
}


def title(verb: AuditVerb, actor: str, label: str, kind: str) -> str:
    """A line in words: “Priya Shah edited the milestone “First report””; `kind` is the type of the object."""
    return TITLES[verb].format(actor=actor, label=label, thing=_thing(label, kind.replace("_", " ")))


def _thing(label: str, kind: str) -> str:
    """The milestone “First report”; a label that says its kind itself needs no other word."""
    return f"“{label}”" if label.casefold().startswith(kind) else f"the {kind} “{label}”"


def value_in_words(value: Any) -> str:
    """One value of `before` or `after`; unknown is a dash."""
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(value_in_words(item) for item in value) or "none"
    if isinstance(value, dict):
        return "; ".join(f"{name.replace('_', ' ')}: {value_in_words(item)}" for name, item in value.items())
    return str(value)


@dataclass(frozen=True)
class Difference:
    """One field of a line, in words."""

    label: str
    before: str
    after: str


def differences(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[Difference]:
    """What stands before and after, field by field; a side that is not told is a dash."""
    earlier, later = before or {}, after or {}
    fields = list(earlier) + [field for field in later if field not in earlier]
    return [
        Difference(
            label=field.replace("_", " ").capitalize(),
            before=value_in_words(earlier.get(field)),
            after=value_in_words(later.get(field)),
        )
        for field in fields
    ]
