import factory
from factory.django import DjangoModelFactory

from accounts.sources.models import Source, SourceKey, SourceKind
from accounts.sources.rules import Kind, key_digest


class SourceFactory(DjangoModelFactory[Source]):
    """The product itself, which sends usage; asked for twice it is the same source.

    `kinds=[Kind.USAGE]` makes it the system of record for these, `key="…"` gives it that key.
    """

    class Meta:
        model = Source
        django_get_or_create = ("name",)
        skip_postgeneration_save = True

    name = "Product"

    @factory.post_generation
    def kinds(self: Source, create: bool, extracted: list[Kind] | None, **kwargs: object) -> None:
        SourceKind.objects.bulk_create(SourceKind(source=self, kind=k.value) for k in extracted or [])

    @factory.post_generation
    def key(self: Source, create: bool, extracted: str | None, **kwargs: object) -> None:
        if extracted:
            SourceKey.objects.create(source=self, digest=key_digest(extracted), hint=extracted[-4:])
