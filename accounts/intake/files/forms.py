"""What people say of a file: its kind, and which column is which field."""

from collections.abc import Sequence

from django import forms
from django.http import QueryDict

from accounts.intake.files.rules import MAX_FILE_BYTES, MEGABYTE
from accounts.sources.rules import Kind

COLUMN = "column-"


class UploadForm(forms.Form):
    """A file and the kind of its rows; only kinds that the person may take in are offered."""

    kind = forms.ChoiceField(label="What the rows are")
    file = forms.FileField(
        label="File",
        allow_empty_file=True,
        help_text=f"CSV with column names in its first line, UTF-8, at most {MAX_FILE_BYTES // MEGABYTE:,} MB.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
    )

    def offer(self, kinds: Sequence[tuple[str, str]]) -> "UploadForm":
        """Let only these kinds be chosen."""
        field = self.fields["kind"]
        if isinstance(field, forms.ChoiceField):
            field.choices = kinds
        return self

    def asked_kind(self) -> Kind:
        """The chosen kind of a valid form."""
        return Kind(self.cleaned_data["kind"])


def told_columns(sent: QueryDict, header: Sequence[str]) -> dict[str, str]:
    """Column → field, as sent for the columns by their places."""
    told = {name: sent.get(f"{COLUMN}{place}", "").replace("\0", "") for place, name in enumerate(header)}
    return {name: field for name, field in told.items() if field}
