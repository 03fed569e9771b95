"""Bulletin (edited), readback (what is signed), issue (published, never changed)."""

from django.db import models


class Kind(models.TextChoices):
    ADVISORY = "advisory", "advisory"
    WARNING = "warning", "warning"


class Distribution(models.TextChoices):
    PUBLIC = "public", "public"
    ENROLLED = "enrolled", "enrolled"
    VERIFIED = "verified persons", "verified persons"
    OFFICERS = "officers", "officers"


class Ask(models.TextChoices):
    """Whether a reply is asked, and which."""

    NONE = "none", "none"
    RECEIVED = "received", "that it was received"
    SAFETY = "safety", "safe, or needs help"


class IssueKind(models.TextChoices):
    FIRST = "first", "first"
    UPDATE = "update", "update"
    CANCEL = "cancel", "cancel"


class State(models.TextChoices):
    """Of the version in hand; what is in force is the newest issue, not this."""

    DRAFT = "draft", "draft"
    SUBMITTED = "submitted", "submitted"
    SIGNED = "signed", "signed"
    PUBLISHED = "published", "published"
    CANCELLED = "cancelled", "cancelled"


class Content(models.Model):
    """What a bulletin says, texts apart: the same fields in the draft and in the issue."""

    kind = models.CharField(max_length=10, choices=Kind)
    level = models.PositiveSmallIntegerField(null=True)  # advisories: 1 to 4
    distribution = models.CharField(max_length=20, choices=Distribution)
    ask = models.CharField(max_length=10, choices=Ask)
    source = models.CharField(max_length=200)  # who says so
    hazard = models.CharField(max_length=200)
    region = models.JSONField()
    effective_at = models.DateTimeField(null=True)  # null: when published
    expires_at = models.DateTimeField(null=True)
    lead_days = models.PositiveSmallIntegerField(default=7)
    grace_days = models.PositiveSmallIntegerField(default=7)

    class Meta:
        abstract = True


class TextContent(models.Model):
    """The words in one language. ``correction`` is ready before the original goes out."""

    language = models.CharField(max_length=10)
    headline = models.CharField(max_length=160)
    body = models.TextField()
    instruction = models.TextField()
    correction = models.TextField()

    class Meta:
        abstract = True


class Bulletin(Content):
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    issue_kind = models.CharField(max_length=10, choices=IssueKind, default=IssueKind.FIRST)
    version = models.PositiveIntegerField(default=1)  # raised by every edit
    made_by = models.BigIntegerField()
    made_at = models.DateTimeField()
    # The issue in force of this thread; what older issues still owe is not sent.
    newest_issue = models.OneToOneField(
        "Issue", models.PROTECT, null=True, related_name="newest_of"
    )

    class Meta:
        db_table = "bulletin"

    def __str__(self) -> str:
        return f"bulletin {self.pk}"


class BulletinText(TextContent):
    bulletin = models.ForeignKey(Bulletin, models.CASCADE, related_name="texts")
    # Who reads this language and vouches for the words.
    vouched_by = models.BigIntegerField(null=True)

    class Meta:
        db_table = "bulletin_text"
        constraints = [
            models.UniqueConstraint(fields=["bulletin", "language"], name="bulletin_text_once")
        ]

    def __str__(self) -> str:
        return f"{self.bulletin_id} {self.language}"


class Readback(models.Model):
    """What storage holds of one draft version: the thing that is signed."""

    bulletin = models.ForeignKey(Bulletin, models.PROTECT, related_name="readbacks")
    version = models.PositiveIntegerField()
    draft_hash = models.CharField(max_length=64)
    region_hash = models.CharField(max_length=64)  # of the resolved geometry and codes
    region_words = models.TextField()
    counts = models.JSONField()
    usual = models.PositiveIntegerField(null=True)  # people that this kind usually reaches
    made_at = models.DateTimeField()

    class Meta:
        db_table = "readback"

    def __str__(self) -> str:
        return f"readback {self.pk} of {self.bulletin_id}.{self.version}"


class Step(models.Model):
    """What an officer did to a bulletin, appended at each step."""

    class Did(models.TextChoices):
        DRAFTED = "drafted", "drafted"
        EDITED = "edited", "edited"
        SUBMITTED = "submitted", "submitted"
        RETURNED = "returned", "returned"
        SIGNED = "signed", "signed"
        PUBLISHED = "published", "published"
        DROPPED = "dropped", "dropped"

    bulletin = models.ForeignKey(Bulletin, models.PROTECT, related_name="steps")
    version = models.PositiveIntegerField()
    did = models.CharField(max_length=10, choices=Did)
    officer_id = models.BigIntegerField()
    readback = models.ForeignKey(Readback, models.PROTECT, null=True, related_name="+")
    why = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "bulletin_step"

    def __str__(self) -> str:
        return f"{self.did} {self.bulletin_id}.{self.version}"


class Issue(Content):
    """One published version: complete in itself, never changed."""

    bulletin = models.ForeignKey(Bulletin, models.PROTECT, related_name="issues")
    n = models.PositiveIntegerField()  # 1, 2, ... in its thread
    issue_kind = models.CharField(max_length=10, choices=IssueKind)
    readback = models.ForeignKey(Readback, models.PROTECT, related_name="+")
    signed_by = models.BigIntegerField()
    published_by = models.BigIntegerField()
    published_at = models.DateTimeField()

    class Meta:
        db_table = "issue"
        constraints = [
            models.UniqueConstraint(fields=["bulletin", "n"], name="issue_n_once"),
        ]

    def __str__(self) -> str:
        return f"issue {self.bulletin_id}.{self.n}"


class IssueText(TextContent):
    issue = models.ForeignKey(Issue, models.PROTECT, related_name="texts")
    vouched_by = models.BigIntegerField()

    class Meta:
        db_table = "issue_text"
        constraints = [
            models.UniqueConstraint(fields=["issue", "language"], name="issue_text_once")
        ]

    def __str__(self) -> str:
        return f"{self.issue_id} {self.language}"
