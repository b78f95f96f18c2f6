"""Fault row 32: a thousand guesses at a password are ten looks at it, and the owner comes in from elsewhere."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from time_machine import travel

from loyalty.core.audit.models import AuditLine
from loyalty.core.people.models import User
from tests.factories.people import PASSWORD

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
GUESSES, GUESSERS = 1000, 8


@pytest.mark.django_db(transaction=True)
def test_a_thousand_guesses(finance: User) -> None:
    owner = {"username": "fay", "password": PASSWORD}

    def guess(numbers: range) -> list[int]:
        client = Client(REMOTE_ADDR="203.0.113.5")
        try:
            return [
                client.post("/sign-in/", {"username": "fay", "password": f"guess {n}"}).status_code for n in numbers
            ]
        finally:
            connection.close()

    with travel(NOW, tick=False):
        with ThreadPoolExecutor(GUESSERS) as pool:
            shares = [range(n, GUESSES, GUESSERS) for n in range(GUESSERS)]
            answers = [status for share in pool.map(guess, shares) for status in share]
        assert (answers.count(200), answers.count(429)) == (10, GUESSES - 10)
        assert Client(REMOTE_ADDR="203.0.113.5").post("/sign-in/", owner).status_code == 429
        assert Client(REMOTE_ADDR="198.51.100.9").post("/sign-in/", owner).status_code == 302
    assert AuditLine.objects.filter(verb="sign_in_failed").count() == 10
    with travel(NOW + timedelta(minutes=15), tick=False):
        assert Client(REMOTE_ADDR="203.0.113.5").post("/sign-in/", owner).status_code == 302
