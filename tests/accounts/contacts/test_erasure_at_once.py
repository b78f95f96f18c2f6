"""Erasing somebody while the intake has a call of theirs at hand."""

from threading import Event

import pytest
from django.db import connection, transaction

from accounts.contacts.erasure import erase
from accounts.privacy.models import Erasure
from accounts.privacy.verbs import lock_contacts
from loyalty.core.people.models import User
from tests.concurrency import at_once, until_somebody_waits
from tests.factories import ContactFactory

_LOCK_CALLS = "LOCK TABLE accounts_profilecall IN ROW EXCLUSIVE MODE"


@pytest.mark.django_db(transaction=True)
def test_a_deadlock_with_the_intake_is_tried_again(cs: User) -> None:
    contact = ContactFactory()
    has_contact = Event()

    @transaction.atomic
    def take_in() -> None:
        """What a profile call locks, in its order; never the one that ends the deadlock."""
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL deadlock_timeout = '1h'")
            lock_contacts([contact.pk])
            has_contact.set()
            until_somebody_waits()
            cursor.execute(_LOCK_CALLS)

    def erase_then() -> Erasure:
        has_contact.wait(timeout=30)
        return erase(contact, acting_user=cs)

    assert at_once([take_in, erase_then]) == [None, Erasure.objects.get()]
