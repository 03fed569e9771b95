"""Owed work, and what kind of instance this database is."""

from django.db import models


class Owed(models.Model):
    """One piece of work that is owed: queue, lease, backoff and last error in one row.

    All times are the database's real clock, never an exercise's.
    """

    job = models.CharField(max_length=60)
    key = models.CharField(max_length=120, blank=True)
    # How often it was asked for: work asked for again while it runs is done once more.
    asks = models.PositiveIntegerField(default=1)
    since = models.DateTimeField()
    due_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)
    lease_until = models.DateTimeField(null=True)
    token = models.CharField(max_length=32, blank=True)

    class Meta:
        db_table = "owed"
        constraints = [models.UniqueConstraint(fields=["job", "key"], name="owed_job_key")]
        indexes = [models.Index(fields=["due_at"], name="owed_due")]

    def __str__(self) -> str:
        return f"{self.job}({self.key})"


class Instance(models.Model):
    """What this database is: live, or an exercise. One row; written once, when it is set up."""

    class Kind(models.TextChoices):
        LIVE = "live"
        EXERCISE = "exercise"

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    kind = models.CharField(max_length=10, choices=Kind)
    made_at = models.DateTimeField()
    # An exercise may play another day; a live instance's clock is the real one.
    clock_offset = models.DurationField(null=True)

    class Meta:
        db_table = "instance"
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="instance_one_row"),
            models.CheckConstraint(
                condition=models.Q(kind="exercise") | models.Q(clock_offset__isnull=True),
                name="instance_live_clock_is_real",
            ),
        ]

    def __str__(self) -> str:
        return self.kind
