from factory.django import DjangoModelFactory

from accounts.sources.models import Source


class SourceFactory(DjangoModelFactory[Source]):
    """The product itself, which sends usage; asked for twice it is the same source."""

    class Meta:
        model = Source
        django_get_or_create = ("name",)

    name = "Product"
