"""Finding accounts by what people call them."""

from django.db.models import Q, QuerySet

from accounts.records.models import Account


def accounts_named(text: str, limit: int) -> QuerySet[Account]:
    """Accounts whose name or external id has the text, by name."""
    return Account.objects.filter(Q(name__icontains=text) | Q(external_id__icontains=text))[:limit]
