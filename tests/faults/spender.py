"""`python -m tests.faults.spender ACCOUNT AMOUNT`: an account of a running application that has so much credit."""

import sys
from datetime import UTC, datetime
from decimal import Decimal

import django


def main(external_id: str, amount: Decimal) -> None:
    """Make the account, and issue the credit as the last approval does."""
    django.setup()
    # Models can be imported only once Django is set up.
    from tests.factories import AccountFactory
    from tests.factories.grants import granted

    account = AccountFactory(external_id=external_id)
    # Under a standing approval there are no steps.
    grant = granted(f"{amount:.2f}", account=account, issued_on=datetime.now(UTC).date(), has_standing_approval=True)
    grant.offer.steps.all().delete()
    type(grant.offer).objects.filter(pk=grant.offer_id).update(awaits=[])


if __name__ == "__main__":
    main(sys.argv[1], Decimal(sys.argv[2]))
