from loyalty.core.audit.models import AuditLine
from loyalty.core.changes.models import ChangeComment, ChangeEditor, ChangeRequest
from loyalty.core.people.models import Membership, User

__all__ = ["AuditLine", "ChangeComment", "ChangeEditor", "ChangeRequest", "Membership", "User"]
