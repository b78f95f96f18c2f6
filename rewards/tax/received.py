"""Which payments a person keeps: one whose reward was declined or lapsed was given back, and counts nowhere."""

from django.db.models import Q, QuerySet

from rewards.offers.rules import GIVEN_BACK_STATES
from rewards.tax.models import TaxablePayment

IS_GIVEN_BACK = Q(offer__state__in=[state.value for state in GIVEN_BACK_STATES])


def received() -> QuerySet[TaxablePayment]:
    """The payments that count towards thresholds and stand on the year-end list."""
    return TaxablePayment.objects.exclude(IS_GIVEN_BACK)
