"""What is sealed about a person, what was asked about their data, holds, and what was deleted.

Numbers instead of foreign keys where a row outlives what it is about.
"""

from django.db import models


class KeyStoreMark(models.Model):
    """Which key store this database was sealed with. One row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    stamp = models.CharField(max_length=32)

    class Meta:
        db_table = "key_store_mark"

    def __str__(self) -> str:
        return self.stamp


class TravellerPrivate(models.Model):
    """One thing about a person that could hurt them most, sealed under their key.

    Sealed is JSON: of a document its number and country, of the others their words.
    """

    class Kind(models.TextChoices):
        DOCUMENT = "document", "document seen"
        MEDICAL = "medical", "medical needs"
        ADDRESS = "address", "address line"
        CASE_NOTE = "case note", "case note"

    registration = models.ForeignKey(
        "travellers.Registration", models.PROTECT, related_name="private"
    )
    kind = models.CharField(max_length=10, choices=Kind)
    document_kind = models.CharField(max_length=20, blank=True)  # passport, identity card
    expires_on = models.DateField(null=True)  # of a document
    key_id = models.BigIntegerField()
    sealed = models.BinaryField()
    officer_id = models.BigIntegerField(null=True)  # who set it; null: the person
    at = models.DateTimeField()

    class Meta:
        db_table = "traveller_private"

    def __str__(self) -> str:
        return f"{self.kind} of registration {self.registration_id}"


class ErasureAsk(models.Model):
    """Somebody asked to be forgotten, or a rule did; once done it is the tombstone: numbers, when,
    and by whose word."""

    class SaidBy(models.TextChoices):
        SELF = "self", "the person"
        GUARDIAN = "guardian", "their guardian"
        OFFICER = "officer", "an officer"
        RULE = "rule", "the retention rule"

    registration_id = models.BigIntegerField()
    traveller_id = models.BigIntegerField()
    # False: a joined record that proved no address; what it brought is erased, the person stays.
    whole = models.BooleanField(default=True)
    said_by = models.CharField(max_length=10, choices=SaidBy)
    officer_id = models.BigIntegerField(null=True)
    why = models.CharField(max_length=300, blank=True)  # an officer's words; emptied when done
    asked_at = models.DateTimeField()
    kept_because = models.CharField(max_length=60, blank=True)  # why it is not carried out yet
    taken_back_at = models.DateTimeField(null=True)
    begun_at = models.DateTimeField(null=True)  # from here on nothing holds it up
    done_at = models.DateTimeField(null=True)
    # Numbers of whom and what it covers, fixed when it begins.
    covers = models.JSONField(null=True)
    counts = models.JSONField(null=True)

    class Meta:
        db_table = "erasure_ask"
        constraints = [
            models.UniqueConstraint(
                fields=["registration_id"],
                condition=models.Q(done_at__isnull=True, taken_back_at__isnull=True),
                name="erasure_asked_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["asked_at"],
                condition=models.Q(done_at__isnull=True, taken_back_at__isnull=True),
                name="erasure_open",
            ),
            models.Index(fields=["traveller_id"], name="erasure_of_traveller"),
        ]

    def __str__(self) -> str:
        return f"erasure {self.pk} of registration {self.registration_id}"

    @property
    def is_kept(self) -> bool:
        """Kept as said, and not carried out for now."""
        return bool(self.kept_because) and self.begun_at is None


class LegalHold(models.Model):
    """A person's data must stay for now: erasure and retention wait. Lifted, never deleted."""

    traveller_id = models.BigIntegerField()
    reason = models.CharField(max_length=300)
    until = models.DateField(null=True)  # last day; null: until it is lifted
    placed_by = models.BigIntegerField()
    placed_at = models.DateTimeField()
    lifted_by = models.BigIntegerField(null=True)
    lifted_at = models.DateTimeField(null=True)
    lifted_why = models.CharField(max_length=300, blank=True)

    class Meta:
        db_table = "legal_hold"
        indexes = [
            models.Index(
                fields=["traveller_id"],
                condition=models.Q(lifted_at__isnull=True),
                name="legal_hold_in_force",
            )
        ]

    def __str__(self) -> str:
        return f"hold on traveller {self.traveller_id}"


class Deleted(models.Model):
    """How many rows one retention rule deleted on one day."""

    rule = models.CharField(max_length=40)
    day = models.DateField()
    n = models.BigIntegerField()

    class Meta:
        db_table = "retention_deleted"
        constraints = [models.UniqueConstraint(fields=["rule", "day"], name="deleted_once_a_day")]

    def __str__(self) -> str:
        return f"{self.rule} {self.day}: {self.n}"


class RuleMark(models.Model):
    """How far a retention rule has gone through a table that is led by rising numbers."""

    rule = models.CharField(max_length=40, primary_key=True)
    upto = models.BigIntegerField()

    class Meta:
        db_table = "retention_mark"

    def __str__(self) -> str:
        return f"{self.rule}: {self.upto}"
