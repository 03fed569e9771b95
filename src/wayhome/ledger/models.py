"""Incidents, as reported."""

from django.db import models


class Incident(models.Model):
    """Something reported to have happened; its source's wording is kept as it was."""

    class Certainty(models.TextChoices):
        REPORTED = "reported", "reported"
        CLAIMED = "claimed", "claimed"
        CONFIRMED = "confirmed", "confirmed"

    what = models.CharField(max_length=300)
    region = models.JSONField()
    happened_on = models.DateField()
    certainty = models.CharField(max_length=10, choices=Certainty)
    source = models.CharField(max_length=200)
    wording = models.TextField()
    recorded_by = models.BigIntegerField()
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "incident"

    def __str__(self) -> str:
        return self.what
