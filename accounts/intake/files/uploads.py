"""Uploading a file, saying what its columns are, and having it taken in."""

from collections.abc import Iterable, Iterator, Mapping

from django.db import transaction
from django.utils import timezone

from accounts.intake.files.mapping import MappingProblem
from accounts.intake.files.models import KEPT_REFUSED, KEPT_UNUSED, FileChunk, FileRefusal, FileUpload
from accounts.intake.files.preview import plan_of
from accounts.intake.files.reading import FileProblem
from accounts.intake.files.rules import IMPORTED_BY, MAX_FILE_BYTES, MEGABYTE, PIECE_BYTES, may_import
from accounts.sources.rules import KIND_LABELS, Kind
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.jobs.models import Job
from loyalty.core.jobs.rules import FINISHED
from loyalty.core.jobs.verbs import start_job
from loyalty.core.people.models import User
from loyalty.core.people.rules import FUNCTION_LABELS

IMPORT = "import"


def check_may_import(kind: Kind, user: User) -> None:
    """Raise NotAllowed unless the person may take in files of the kind."""
    if not (user.is_active and may_import(kind, user.functions, is_administrator=user.is_administrator)):
        owner = FUNCTION_LABELS[IMPORTED_BY[kind]]
        raise NotAllowed(f"Files of {KIND_LABELS[kind]} are taken in by {owner} or an administrator.")


@transaction.atomic
def keep_upload(kind: Kind, name: str, content: Iterable[bytes], *, acting_user: User) -> FileUpload:
    """Keep a file until it is taken in; nothing of it counts yet.

    Raises NotAllowed, and DomainError when it is empty or larger than a gigabyte.
    """
    check_may_import(kind, acting_user)
    clear_old_uploads()
    upload = FileUpload.objects.create(kind=kind.value, name=name[:200], size=0, uploaded_by=acting_user)
    for number, piece in enumerate(_pieces(content)):
        upload.size += len(piece)
        if upload.size > MAX_FILE_BYTES:
            raise DomainError(f"The file is larger than {MAX_FILE_BYTES // MEGABYTE:,} MB. Cut it into several.")
        FileChunk.objects.create(upload=upload, number=number, content=piece)
    if not upload.size:
        raise DomainError("The file is empty.")
    upload.save(update_fields=["size"])
    record(
        AuditVerb.CREATED,
        acting_user=acting_user,
        object_type="file upload",
        object_id=upload.pk,
        object_label=f"Upload of {upload.name}",
        after={"kind": KIND_LABELS[kind], "bytes": upload.size},
    )
    return upload


@transaction.atomic
def start_import(upload_id: int, overrides: Mapping[str, str], *, acting_user: User) -> Job:
    """Have the file taken in by a worker, with these columns as these fields.

    Raises NotAllowed; DomainError when it has begun already or cannot be read
    so; FileUpload.DoesNotExist.
    """
    upload = FileUpload.objects.select_for_update(of=("self",)).get(pk=upload_id)
    kind = Kind(upload.kind)
    check_may_import(kind, acting_user)
    if upload.job_id is not None:
        raise DomainError("This file is being taken in already.")
    upload.overrides = dict(overrides)
    try:
        with plan_of(upload) as (plan, table):
            upload.header = table.header
            columns = {m.column: m.field.name for m in plan.mapped}
    except (FileProblem, MappingProblem) as problem:
        raise DomainError(str(problem)) from problem
    title = f"Import of {upload.name} ({KIND_LABELS[kind]})"
    upload.job = start_job(IMPORT, title, {"upload": upload.pk, "columns": columns}, acting_user=acting_user)
    upload.save(update_fields=["overrides", "header", "job"])
    return upload.job


@transaction.atomic
def discard_upload(upload_id: int, *, acting_user: User) -> None:
    """Forget a file that has not been taken in. Raises as `start_import`."""
    upload = FileUpload.objects.select_for_update(of=("self",)).get(pk=upload_id)
    check_may_import(Kind(upload.kind), acting_user)
    if upload.job_id is not None:
        raise DomainError("This file is being taken in already; cancel its job instead.")
    record(
        AuditVerb.REFUSED,
        acting_user=acting_user,
        object_type="file upload",
        object_id=upload.pk,
        object_label=f"Upload of {upload.name}, which was discarded",
    )
    upload.delete()


def clear_old_uploads() -> None:
    """Forget files that nobody took in within a day, and rows refused more than 30 days ago."""
    now = timezone.now()
    FileUpload.objects.filter(job=None, uploaded_at__lt=now - KEPT_UNUSED).delete()
    old = FileUpload.objects.filter(job__state__in=FINISHED, job__finished_at__lt=now - KEPT_REFUSED)
    FileRefusal.objects.filter(upload__in=old).delete()


def forget_content(job: Job) -> None:
    """The import has ended: the file itself is needed no longer."""
    FileChunk.objects.filter(upload__job=job).delete()


def _pieces(content: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of one megabyte, the last one shorter."""
    kept = bytearray()
    for block in content:
        kept += block
        while len(kept) >= PIECE_BYTES:
            yield bytes(kept[:PIECE_BYTES])
            del kept[:PIECE_BYTES]
    if kept:
        yield bytes(kept)
