from collections.abc import Iterable
from typing import Any

import factory
from factory.django import DjangoModelFactory

from loyalty.core.people.models import Membership, User
from loyalty.core.people.rules import Function

PASSWORD = "correct horse battery staple"


class PersonFactory(DjangoModelFactory[User]):
    """A person; `functions=[Function.CS]` gives seats. The password is PASSWORD."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"person{n}")
    first_name = "Pat"
    last_name = factory.Sequence(lambda n: f"Number {n}")
    password = factory.django.Password(PASSWORD)

    @factory.post_generation
    def functions(self: User, create: bool, extracted: Iterable[Function] | None, **kwargs: Any) -> None:
        Membership.objects.bulk_create(Membership(user=self, function=f.value) for f in extracted or [])
