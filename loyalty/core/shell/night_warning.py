"""The warning of every page: the night stands still."""

from django.urls import reverse

from loyalty.core.jobs.nights import last_night, stopped_step
from loyalty.core.shell.registry import Warned


def stopped_night_warning() -> Warned | None:
    """One sentence for the top bar while a step of the last night has failed or was cancelled; else None."""
    night = last_night()
    step = stopped_step(night) if night is not None and night.finished_at is None else None
    if step is None:
        return None
    return Warned(f"The night stopped at “{step.job.title}”", reverse("job", args=[step.job_id]))
