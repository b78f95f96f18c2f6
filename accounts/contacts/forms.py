"""What people type about contacts."""

from django import forms

from accounts.contacts.rules import QUIZ_ROLES, REWARD_WISHES, Answers
from accounts.privacy.rules import POLICY_VERSION
from accounts.records.rules import ContactRole, choices


class RoleForm(forms.Form):
    """Which role a contact has at their account."""

    role = forms.ChoiceField(choices=choices(ContactRole))


class ErasureForm(forms.Form):
    """That one means it."""

    sure = forms.BooleanField(label="I understand that this cannot be undone")


class RetentionForm(forms.Form):
    """For how many months raw events are kept."""

    months = forms.IntegerField(
        min_value=3,
        max_value=240,
        required=False,
        label="Keep raw events for",
        help_text="At least 3, because facts look back 90 days. Left empty, all are kept.",
    )


class QuizForm(forms.Form):
    """The preference quiz; only consent must be answered."""

    work = forms.ChoiceField(
        choices=list(QUIZ_ROLES.items()), widget=forms.RadioSelect, required=False, label="What do you do?"
    )
    goals = forms.CharField(
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        label="What do you want to reach with the product?",
    )
    wishes = forms.MultipleChoiceField(
        choices=list(REWARD_WISHES.items()),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        label="Which rewards would you like?",
    )
    consent = forms.ChoiceField(
        choices=[("yes", "Yes, you may"), ("no", "No, please do not")],
        widget=forms.RadioSelect,
        label="May we look at how you use the product, and address offers to you?",
        help_text="If you say no, what you do counts only in the totals of your company.",
    )

    def asked(self, policy_version: str) -> Answers:
        """What the form says, to the policy that it was shown with."""
        told = self.cleaned_data
        consents = told["consent"] == "yes"
        return Answers(told["work"], told["goals"], told["wishes"], consents, policy_version)


class ConsentForm(forms.Form):
    """What a contact told us about consent."""

    granted = forms.ChoiceField(
        label="The contact",
        choices=[("yes", "consents"), ("no", "withdraws consent")],
        help_text="Only what they told you themselves.",
    )
    policy_version = forms.RegexField(
        POLICY_VERSION,
        max_length=40,
        strip=True,
        label="Version of the privacy policy",
        help_text="The one that they were shown, such as 2026-03.",
        error_messages={"invalid": "Use letters, digits, spaces, dots, hyphens and underscores, such as 2026-03."},
    )
