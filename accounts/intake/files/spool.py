"""The pieces of an uploaded file, put together again on the disk of whoever reads it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from accounts.intake.files.models import FileUpload
from loyalty.core.errors import DomainError


@contextmanager
def whole_file(upload: FileUpload) -> Iterator[Path]:
    """The file, for as long as it is needed. Raises DomainError when its pieces are gone."""
    with TemporaryDirectory(prefix="loyalty-import-") as folder:
        path = Path(folder) / "whole.csv"
        if _write(upload, path, upload.chunks.all().iterator(chunk_size=4)) != upload.size:
            raise DomainError("The uploaded file is no longer kept. Upload it again.")
        yield path


@contextmanager
def head_of(upload: FileUpload) -> Iterator[Path]:
    """The whole lines of the first piece of the file."""
    with TemporaryDirectory(prefix="loyalty-import-") as folder:
        path = Path(folder) / "head.csv"
        if _write(upload, path, upload.chunks.filter(number=0).iterator()) < upload.size:
            content = path.read_bytes()
            path.write_bytes(content[: content.rfind(b"\n") + 1] or content)
        yield path


def _write(upload: FileUpload, path: Path, chunks: Iterator) -> int:
    with path.open("wb") as stream:
        return sum(stream.write(chunk.content) for chunk in chunks)
