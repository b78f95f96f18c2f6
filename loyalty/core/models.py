from loyalty.core.absence.models import Delegation
from loyalty.core.audit.models import AuditLine, AuditSeal, TypedWords
from loyalty.core.changes.models import ChangeComment, ChangeEditor, ChangeRequest
from loyalty.core.doorbell.models import WorkerSeen
from loyalty.core.jobs.models import Job, JobPart, Night, NightStep
from loyalty.core.notices.models import Letter, Notice, NoticeChoice, Passage
from loyalty.core.people.models import Membership, SignedIn, SignInAttempt, User

__all__ = [
    "AuditLine",
    "AuditSeal",
    "ChangeComment",
    "ChangeEditor",
    "ChangeRequest",
    "Delegation",
    "Job",
    "JobPart",
    "Letter",
    "Membership",
    "Night",
    "NightStep",
    "Notice",
    "NoticeChoice",
    "Passage",
    "SignInAttempt",
    "SignedIn",
    "TypedWords",
    "User",
    "WorkerSeen",
]
