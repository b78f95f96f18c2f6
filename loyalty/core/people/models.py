"""Staff of the company that runs the programme.

Invariants: a person may belong to several functions; being an administrator
gives no approval right; functions are read from the database on every request,
so that moving or deactivating a person holds from their next click.
"""

from functools import cached_property

from django.contrib.auth.models import AbstractUser
from django.db import models

from loyalty.core.people.browsers import browser_in_words
from loyalty.core.people.rules import FUNCTION_CHOICES, FUNCTION_LABELS, Function


class User(AbstractUser):
    """A person who signs in. `is_administrator`: manages people, sources and keys."""

    is_administrator = models.BooleanField(default=False)

    @cached_property
    def functions(self) -> frozenset[Function]:
        return frozenset(Function(m.function) for m in self.memberships.all())

    @property
    def display_name(self) -> str:
        return self.get_full_name() or self.username

    @property
    def leads_in_words(self) -> str:
        """The functions whose lead the person is; empty when there is none."""
        leading = {m.function for m in self.memberships.all() if m.is_lead}
        return ", ".join(label for f, label in FUNCTION_LABELS.items() if f.value in leading)

    @property
    def functions_in_words(self) -> str:
        names = [FUNCTION_LABELS[f] for f in Function if f in self.functions]
        if self.is_administrator:
            names.append("Administrator")
        return ", ".join(names) or "No function"


class Membership(models.Model):
    """One person's seat in one function; a lead receives escalations."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    function = models.CharField(max_length=10, choices=FUNCTION_CHOICES)
    is_lead = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "function"], name="membership_once"),
            models.CheckConstraint(
                condition=models.Q(function__in=[f.value for f in Function]), name="membership_function_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.function}"


class SignedIn(models.Model):
    """One browser in which a person is signed in; it goes with its session."""

    session = models.OneToOneField("sessions.Session", models.CASCADE, primary_key=True, related_name="+")
    person = models.ForeignKey(User, models.CASCADE, related_name="signed_in")
    address = models.CharField(max_length=64)
    browser = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.person} at {self.address}"

    @property
    def browser_in_words(self) -> str:
        return browser_in_words(self.browser)


class SignInAttempt(models.Model):
    """One try at a password, as claimed before the password is looked at.

    A successful sign-in removes the tries of its pair of username and address;
    the rest are forgotten once they are older than the window.
    """

    username = models.CharField(max_length=150)
    address = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["username", "address", "at"], name="attempt_by_pair"),
            models.Index(fields=["at"], name="attempt_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.username} from {self.address}"
