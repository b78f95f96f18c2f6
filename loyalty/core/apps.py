from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CoreConfig(AppConfig):
    name = "loyalty.core"
    label = "core"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from loyalty.core.grants import grant_application_role

        # No sender: every app's migration may bring tables.
        post_migrate.connect(grant_application_role, dispatch_uid="grant_application_role")
