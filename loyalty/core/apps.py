from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CoreConfig(AppConfig):
    name = "loyalty.core"
    label = "core"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from loyalty.core.changes.leaving import DRAFTS
        from loyalty.core.changes.queries import waiting_count
        from loyalty.core.doorbell.waiting import add_gauge
        from loyalty.core.grants import grant_application_role
        from loyalty.core.jobs.queries import due_since
        from loyalty.core.notices.queries import due_since as notices_due_since
        from loyalty.core.notices.queries import unread_count
        from loyalty.core.people.leaving import add_hand_over
        from loyalty.core.shell.night_warning import stopped_night_warning
        from loyalty.core.shell.registry import add_counter, add_settings_tab, add_warning
        from loyalty.core.shell.worker_warning import missing_worker_warning

        # No sender: every app's migration may bring tables.
        post_migrate.connect(grant_application_role, dispatch_uid="grant_application_role")
        add_counter("changes", waiting_count)
        add_counter("inbox", unread_count)
        add_settings_tab("You", "settings")
        add_settings_tab("Notices", "settings-notices")
        add_settings_tab("Absence", "absences")
        add_settings_tab("People", "people")
        add_hand_over("drafts of changes withdrawn", DRAFTS)
        add_warning(missing_worker_warning)
        add_warning(stopped_night_warning)
        add_gauge("Long work", due_since)
        add_gauge("Notices", notices_due_since)
