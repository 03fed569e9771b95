"""The rows of an issue's audience."""

from django.db import models


class Certainty(models.IntegerChoices):
    WATCHING = 0, "watching"  # not there: asked to hear about the area
    POSSIBLE = 1, "possible"
    CERTAIN = 2, "certain"


class Reason(models.IntegerChoices):
    """Why someone is in an audience; of several, the first is the best."""

    THERE = 1, "there"
    IN_TRANSIT = 2, "in transit"
    DUE_THROUGH = 3, "due through"
    DUE_TO_ARRIVE = 4, "due to arrive"
    DUE_TO_HAVE_LEFT = 5, "due to have left"
    WATCHING = 6, "watching"
    WAS_WARNED = 7, "was warned before"


class AudienceRow(models.Model):
    """One traveller of one issue. Append-only; written by ``sql`` alone, nothing refers to it."""

    pk = models.CompositePrimaryKey("issue_id", "traveller_id")
    issue_id = models.BigIntegerField()
    traveller_id = models.BigIntegerField()
    certainty = models.SmallIntegerField(choices=Certainty)
    reason = models.SmallIntegerField(choices=Reason)
    stay_id = models.BigIntegerField(null=True)
    area = models.CharField(max_length=10)
    at = models.DateTimeField()

    class Meta:
        db_table = "audience"

    def __str__(self) -> str:
        return f"{self.traveller_id} in {self.issue_id}"
