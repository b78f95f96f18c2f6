"""What the intake takes, how much of it, and what it says when it does not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from accounts.usage.forgotten import REASON

KILOBYTE = 1024
MAX_EVENT_BYTES = 32 * KILOBYTE
MAX_BATCH_BYTES = 500 * KILOBYTE
MAX_BATCH_ITEMS = 2500
MAX_DEPTH = 64
MAX_ID_LENGTH = 255
MAX_NAME_LENGTH = 200
MAX_AHEAD = timedelta(hours=24)
# Facts are kept for a few years; an older event would have them worked out again from then on.
MAX_AGE = timedelta(days=3650)
MAX_EVENT_SECONDS = 24 * 3600
KEPT_RAW_CHARACTERS = 32 * KILOBYTE
# What nobody signed, or nobody can read, is kept in short form; the former in bounded number, so that it cannot fill
# the disk.
KEPT_UNREAD_CHARACTERS = KILOBYTE
UNSIGNED_KEPT_A_MINUTE = 60
SHOWN_DIFFERENCES = 3
OTHER_BODY = "other_body"


class Call(StrEnum):
    """The calls of the Segment spec."""

    TRACK = "track"
    IDENTIFY = "identify"
    GROUP = "group"
    PAGE = "page"
    SCREEN = "screen"
    ALIAS = "alias"


EVENT_CALLS = frozenset({Call.TRACK, Call.PAGE, Call.SCREEN})
CALLS_BY_NAME = {c.value: c for c in Call}


class Awaited(StrEnum):
    """As what somebody or something must be known before what is about it can be taken in."""

    # An account, or a customer at its source of billing.
    ACCOUNT = ""
    CONTACT = "contact"
    # A contact who is at an account.
    PLACED = "placed"
    # What a part of a record is about.
    TICKET = "ticket"
    FEEDBACK = "feedback"


@dataclass(frozen=True)
class Refusal:
    """Why something was not taken in: a code for programs, a reason that says what to do.

    `waits_for` is the id of whom or what it is about, if nothing else keeps it from being taken in, `waits_as` whose
    id that is.
    """

    code: str
    reason: str
    waits_for: str = ""
    waits_as: Awaited = Awaited.ACCOUNT


class Refused(Exception):
    """One item is not taken in."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


class RequestRefused(Refused):
    """The whole request is not taken in; `status` is its HTTP status."""

    def __init__(self, status: int, refusal: Refusal) -> None:
        super().__init__(refusal)
        self.status = status


WRONG_KEY = Refusal(
    "wrong_key",
    "No source has this key, or it has expired. Send the write key as the user name of HTTP Basic, or as "
    "writeKey in the body; an administrator makes keys on the Sources page.",
)
BATCH_TOO_LARGE = Refusal(
    "batch_too_large",
    "The body is larger than 500 KB (after decompression). Send fewer events in a batch.",
)
TOO_MANY_ITEMS = Refusal("too_many_calls", f"A batch takes at most {MAX_BATCH_ITEMS} calls. Send fewer in a batch.")
CUT_OFF = Refusal("cut_off", "The body ended before its Content-Length. Send it again.")
LENGTH_MISSING = Refusal("length_missing", "Send the body with a Content-Length.")
BROKEN_GZIP = Refusal("broken_gzip", "The body says that it is gzip but cannot be decompressed. Compress it again.")
NOT_UTF8 = Refusal("not_utf8", "The body is not UTF-8. Send JSON encoded as UTF-8.")
MALFORMED = Refusal("malformed_json", "The body is not JSON. Check how it was written.")
TOO_DEEP = Refusal("too_deep", f"Objects and lists are nested more than {MAX_DEPTH} deep. Flatten the properties.")
NOT_AN_OBJECT = Refusal("not_an_object", "An object with the fields of the Segment spec was expected here.")
NO_BATCH = Refusal("no_batch", "A list of calls was expected in the field batch.")
EVENT_TOO_LARGE = Refusal("event_too_large", "The event is larger than 32 KB. Leave out properties that no rule needs.")
UNKNOWN_TYPE = Refusal("unknown_type", "The field type must be track, identify, group, page, screen or alias.")
BAD_MESSAGE_ID = Refusal("bad_message_id", f"messageId must be a text of 1 to {MAX_ID_LENGTH} characters.")
BAD_USER_ID = Refusal("bad_user_id", f"userId must be a text or number of 1 to {MAX_ID_LENGTH} characters.")
BAD_GROUP_ID = Refusal("bad_group_id", f"groupId must be a text or number of 1 to {MAX_ID_LENGTH} characters.")
BAD_CONTEXT = Refusal("bad_context", "The field context must be an object.")
BAD_EVENT_NAME = Refusal("bad_event_name", f"The field event must be a text of 1 to {MAX_NAME_LENGTH} characters.")
BAD_PROPERTIES = Refusal("bad_properties", "The field properties must be an object.")
BAD_TRAITS = Refusal("bad_traits", "The field traits must be an object.")
BAD_TIMESTAMP = Refusal(
    "bad_timestamp", "The time must be ISO 8601 with a date and a time, such as 2026-03-31T14:05:00.000Z."
)
TOO_FAR_AHEAD = Refusal(
    "too_far_ahead", "The event is dated more than 24 hours ahead. Check the clock and the time zone of the sender."
)
TOO_OLD = Refusal("too_old", "The event is dated more than ten years back. Check its timestamp.")
FORGOTTEN = Refusal("forgotten", REASON)
BAD_NUMBER = Refusal("bad_number", "NaN, Infinity and numbers beyond 1e308 are not JSON. Leave them out or send null.")
BAD_TEXT = Refusal(
    "bad_text", "A text holds a null character or half of a surrogate pair, which cannot be stored. Remove it."
)
NOBODY = Refusal(
    "nobody", "Neither userId nor context.groupId says whose event this is. Send the event once the person is known."
)
UNKNOWN_ACCOUNT = Refusal(
    "unknown_account", "No account has this groupId. Send a group call for it first, or import the account."
)
UNKNOWN_CONTACT = Refusal(
    "unknown_contact",
    "No contact has this userId, and context.groupId does not name the account. Send identify and group first.",
)
CONTACT_WITHOUT_ACCOUNT = Refusal(
    "contact_without_account", "This contact is at no account yet. Send a group call, or context.groupId, first."
)
TWO_CONTACTS = Refusal(
    "two_contacts", "Both ids belong to contacts already; they are not merged. Send with userId from now on."
)
# Of a record or a row of a file.
WAS_ERASED = "This contact was erased on request and does not come back."
ERASED_CONTACT = Refusal(
    "erased_contact", "This person was erased and must stay forgotten. Send nothing about them; nothing of it was kept."
)
NO_PREVIOUS_ID = Refusal("no_previous_id", "An alias call needs previousId and userId.")


def not_the_record(kind_label: str, other: str | None) -> Refusal:
    """Data of a kind from a source that is not its system of record; `other` is the one that is."""
    known = f"{other} is" if other else "no source is"
    return Refusal(
        "not_system_of_record",
        f"This source is not the system of record for {kind_label}; {known}. Send with that source’s key, "
        "or have an administrator change it on the Sources page.",
    )


def other_body(key: str, places: Sequence[str]) -> Refusal:
    """The same idempotency key with another body; the places are named, never the values."""
    shown = ", ".join(places[:SHOWN_DIFFERENCES])
    more = f" and {len(places) - SHOWN_DIFFERENCES} more" if len(places) > SHOWN_DIFFERENCES else ""
    return Refusal(
        OTHER_BODY,
        f"{key[:80]} was taken in before with another body: it differs at {shown}{more}. "
        "Nothing of it was taken in. Give each body an id of its own.",
    )
