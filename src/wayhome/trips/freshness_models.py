"""What was confirmed of stays, and when they are asked about next."""

from django.db import models


class Confirmation(models.Model):
    """Somebody said of a stay that it holds, has ended or will not be; appended."""

    class Answer(models.TextChoices):
        HOLDS = "holds", "as it is written"
        LEFT = "left", "I have left"
        NOT_GOING = "not going", "I am not going"

    stay = models.ForeignKey("trips.Stay", models.PROTECT, related_name="confirmations")
    answer = models.CharField(max_length=10, choices=Answer)
    said_by_id = models.BigIntegerField()  # the registration by whose link
    contact_point_id = models.BigIntegerField(null=True)  # that the link was sent to
    at = models.DateTimeField()

    class Meta:
        db_table = "confirmation"

    def __str__(self) -> str:
        return f"stay {self.stay_id}: {self.answer}"


class StayAsk(models.Model):
    """When somebody is asked next about one line of a trip, and when they were last."""

    trip = models.ForeignKey("trips.Trip", models.PROTECT, related_name="asks")
    line = models.PositiveIntegerField()
    occasion = models.CharField(max_length=10, blank=True)
    due_on = models.DateField(null=True)  # null: nothing is left to ask
    asked_on = models.DateField(null=True)

    class Meta:
        db_table = "stay_ask"
        constraints = [models.UniqueConstraint(fields=["trip", "line"], name="stay_ask_once")]
        indexes = [
            models.Index(
                fields=["due_on", "id"],
                condition=models.Q(due_on__isnull=False),
                name="stay_ask_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.trip_id}/{self.line} on {self.due_on}"
