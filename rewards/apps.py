from django.apps import AppConfig


class RewardsConfig(AppConfig):
    name = "rewards"
    label = "rewards"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from rewards.wiring import wire

        wire()
