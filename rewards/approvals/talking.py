"""What is said about an offer; it can be said after the decision too."""

from django.db import transaction

from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from rewards.approvals.models import OfferComment
from rewards.offers.models import Offer


@transaction.atomic
def comment(offer_id: int, text: str, *, acting_user: User) -> OfferComment:
    """Keep a comment; raises DomainError when it says nothing."""
    if not text.strip():
        raise DomainError("Write what you want to say.")
    offer = Offer.objects.select_related("account").get(pk=offer_id)
    said = OfferComment.objects.create(offer=offer, author=acting_user, text=text.strip())
    record(
        AuditVerb.OFFER_COMMENTED,
        acting_user=acting_user,
        object_type="offer",
        object_id=offer.pk,
        object_label=str(offer),
        after={"comment number": said.pk},
        typed=text,
    )
    return said
