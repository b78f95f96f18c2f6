"""Taking in an uploaded file as a job, slice by slice, each chunk once."""

from dataclasses import asdict

from django.urls import reverse

from accounts.intake.files.importing import Busy, Summary, plan_import, take_chunks
from accounts.intake.files.mapping import MappingProblem
from accounts.intake.files.models import FileRefusal, FileUpload
from accounts.intake.files.reading import FileProblem, Table
from accounts.intake.files.sources import source_of
from accounts.intake.files.spool import whole_file
from accounts.intake.files.uploads import IMPORT, forget_content
from accounts.sources.rules import Kind
from loyalty.core.errors import DomainError
from loyalty.core.jobs.models import Job
from loyalty.core.jobs.registry import JobKind, NotYet, Work

# A chunk may be bad throughout: its rows are not all held in memory.
KEPT_AT_ONCE = 1000


class RefusedInDatabase:
    """Refused rows of one upload (`refused.RefusedRows`)."""

    def __init__(self, upload: FileUpload) -> None:
        self.rows = upload.refusals.count()
        self.lines_sql = f"SELECT line FROM accounts_filerefusal WHERE upload_id = {upload.pk:d}"
        self._upload = upload
        self._added: list[FileRefusal] = []

    def add(self, line: int, raw: str, reason: str) -> None:
        self.rows += 1
        self._added.append(FileRefusal(upload=self._upload, line=line, raw=raw, reason=reason))
        if len(self._added) == KEPT_AT_ONCE:
            self.flush()

    def flush(self) -> None:
        FileRefusal.objects.bulk_create(self._added)
        self._added = []


def run_import(work: Work) -> bool:
    """Go on with the import of a file behind the line that its row stands at."""
    job = work.job
    upload = FileUpload.objects.get(pk=job.parameters["upload"])
    kind = Kind(upload.kind)
    total = Summary(**{name: job.result.get(name, 0) for name in asdict(Summary())})

    def told(done: Summary, line: int, lines: int) -> bool:
        total.add(done)
        work.tell(line, max(lines, line), result=asdict(total) | {"lines_not_utf_8": table.not_utf_8})
        return not work.time_is_up and not Job.objects.filter(pk=job.pk, cancel_asked=True).exists()

    try:
        with whole_file(upload) as path:
            plan = plan_import(path, kind, source_of(kind, ""), upload.overrides, name=upload.name)
            with Table(path) as table:
                refused = RefusedInDatabase(upload)
                has_ended = take_chunks(plan, table, refused, acting_user=job.started_by, told=told, after=job.done)
    except (FileProblem, MappingProblem) as problem:
        raise DomainError(str(problem)) from problem
    except Busy as other:
        raise NotYet(f"Waiting for another import of {kind.value} files") from other
    if not has_ended:
        work.check()
    return has_ended


IMPORT_JOB = JobKind(
    IMPORT,
    "Import of a file",
    run=run_import,
    finish=forget_content,
    url_of=lambda job: reverse("import", args=[job.parameters["upload"]]) if "upload" in job.parameters else "",
)
