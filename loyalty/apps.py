from django.apps import AppConfig


class LoyaltyConfig(AppConfig):
    """The edge: settings, commands, the pipeline. It may import every floor."""

    name = "loyalty"
    label = "loyalty"

    def ready(self) -> None:
        from loyalty.pipeline import wire

        wire()
