"""What a status looks like: a word, an icon and a tone. Never colour alone."""

from dataclasses import dataclass

TONES = ("good", "bad", "warn", "calm", "quiet")


@dataclass(frozen=True)
class Face:
    """How one status is shown; `icon` names a symbol of the sprite, `tone` is one of TONES."""

    word: str
    icon: str
    tone: str


FACES: dict[str, Face] = {
    # offers
    "proposed": Face("Proposed", "ring", "calm"),
    "in_approval": Face("In approval", "half", "warn"),
    "approved": Face("Approved", "check", "good"),
    "delivered": Face("Delivered", "arrow-right", "good"),
    "accepted": Face("Accepted", "check", "good"),
    "redeemed": Face("Redeemed", "check", "good"),
    "granted": Face("Granted", "check", "good"),
    "rejected": Face("Rejected", "cross", "bad"),
    "declined": Face("Declined", "cross", "quiet"),
    "lapsed": Face("Lapsed", "clock", "quiet"),
    "withdrawn": Face("Withdrawn", "undo", "quiet"),
    "held_out": Face("Held out", "pilots", "quiet"),
    "snoozed": Face("Snoozed", "clock", "quiet"),
    # approvals and change requests
    "draft": Face("Draft", "pencil", "quiet"),
    "pending": Face("Pending", "half", "warn"),
    "waiting": Face("Waiting", "half", "warn"),
    "changes_requested": Face("Changes requested", "comment", "warn"),
    "applied": Face("Applied", "check", "good"),
    "expired": Face("Expired", "clock", "quiet"),
    "superseded": Face("Superseded", "undo", "quiet"),
    "voided": Face("Voided", "ban", "quiet"),
    # campaigns, milestones, rewards
    "modelled": Face("Modelled", "half", "calm"),
    "pilot": Face("Pilot", "pilots", "calm"),
    "live": Face("Live", "dot", "good"),
    "paused": Face("Paused", "pause", "warn"),
    "retired": Face("Retired", "ban", "quiet"),
    # contract fit, conditions
    "capped": Face("Capped", "ban", "warn"),
    "nothing": Face("Nothing", "dash", "quiet"),
    "fits": Face("Fits", "check", "good"),
    "unfit": Face("Does not fit", "ban", "bad"),
    "fits_if": Face("With a condition", "half", "warn"),
    # caps and money
    "reserved": Face("Reserved", "half", "warn"),
    "spent": Face("Spent", "check", "calm"),
    "released": Face("Released", "undo", "quiet"),
    "hard": Face("Hard", "lock", "calm"),
    "soft": Face("Soft", "ring", "calm"),
    "reversed": Face("Reversed", "undo", "quiet"),
    "issue": Face("Issued", "plus", "calm"),
    "redeem": Face("Redeemed", "check", "good"),
    "expire": Face("Expired", "clock", "quiet"),
    "reverse": Face("Reversed", "undo", "quiet"),
    "give_back": Face("Given back", "undo", "quiet"),
    "breakage": Face("Breakage", "half", "calm"),
    "reestimate": Face("Re-estimate", "changes", "calm"),
    "form_missing": Face("Form missing", "warning", "bad"),
    "reported": Face("Reported", "check", "calm"),
    "below": Face("Below", "ring", "quiet"),
    "late": Face("Late", "warning", "bad"),
    "due": Face("Waiting", "half", "warn"),
    "given_back": Face("Given back", "undo", "quiet"),
    "sending": Face("On its way", "half", "warn"),
    "returning": Face("Coming back", "half", "warn"),
    "locked_out": Face("Not let in", "lock", "bad"),
    "full": Face("Full", "ban", "bad"),
    "balanced": Face("Balanced", "check", "good"),
    # conditions of a rule, asked of one account
    "met": Face("Met", "check", "good"),
    "not_met": Face("Not met", "cross", "bad"),
    "unknown": Face("Unknown", "ring", "quiet"),
    # how an account does
    "leaving": Face("Asked to cancel", "ban", "bad"),
    "poor": Face("Poor", "warning", "warn"),
    "good": Face("Good", "check", "good"),
    # moves of accounts
    "entered": Face("Entered", "plus", "good"),
    "left": Face("Left", "dash", "quiet"),
    # what comes in
    "refused": Face("Refused", "ban", "bad"),
    "quarantined": Face("Quarantined", "warning", "warn"),
    "duplicate": Face("Duplicate", "changes", "quiet"),
    "fresh": Face("Fresh", "check", "good"),
    "stale": Face("Stale", "warning", "warn"),
    "silent": Face("Nothing received", "ring", "quiet"),
    "active": Face("Active", "dot", "good"),
    "sent": Face("Sent", "check", "good"),
    "gone": Face("Gone", "ban", "bad"),
    "inactive": Face("Inactive", "ring", "quiet"),
    # jobs
    "queued": Face("Queued", "ring", "quiet"),
    "running": Face("Running", "half", "calm"),
    "done": Face("Done", "check", "good"),
    "failed": Face("Failed", "warning", "bad"),
    "cancelled": Face("Cancelled", "ban", "quiet"),
}


def face_of(status: str) -> Face:
    """The face of a status; one that is not listed is shown by its own name, without judgement."""
    known = FACES.get(status)
    return known or Face(status.replace("_", " ").capitalize(), "dot", "quiet")
