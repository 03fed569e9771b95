"""Delivery, slice, attempt. The wide tables are written by ``sql`` alone."""

from django.db import models


class Channel(models.TextChoices):
    """How a person is reached; one delivery for each, whatever relay carries it."""

    MAIL = "mail", "mail"
    SMS = "sms", "sms"


class Lane(models.IntegerChoices):
    """What goes first. Codes and links will stand between warning and advisory."""

    WARNING = 1, "warning"
    CODES = 2, "codes and links"
    ADVISORY = 3, "advisory"
    DIGEST = 4, "digest"


class DeliveryState(models.TextChoices):
    OWED = "owed", "owed"
    SENT = "sent", "sent"  # the relay took it; not that it arrived
    REFUSED = "refused", "refused"  # for good


class SliceState(models.TextChoices):
    OPEN = "open", "open"
    DONE = "done", "done"


class Slice(models.Model):
    """Deliveries of one issue, channel, route and lane that are leased and sent together."""

    issue_id = models.BigIntegerField()
    channel = models.CharField(max_length=10, choices=Channel)
    route = models.CharField(max_length=20)
    lane = models.PositiveSmallIntegerField(choices=Lane)
    size = models.PositiveIntegerField()
    due_at = models.DateTimeField()  # the database's real clock, like all leases
    lease_until = models.DateTimeField(null=True)
    token = models.CharField(max_length=32, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)  # times that its route was down
    last_error = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=5, choices=SliceState, default=SliceState.OPEN)

    class Meta:
        db_table = "slice"
        indexes = [
            models.Index(
                fields=["lane", "due_at"], condition=models.Q(state="open"), name="slice_open"
            ),
            models.Index(fields=["issue_id"], name="slice_issue"),
        ]

    def __str__(self) -> str:
        return f"slice {self.pk} of issue {self.issue_id}"


class Delivery(models.Model):
    """Issue, contact point and channel: exactly one, by its key."""

    pk = models.CompositePrimaryKey("issue_id", "contact_point_id", "channel")
    issue_id = models.BigIntegerField()
    contact_point_id = models.BigIntegerField()
    channel = models.CharField(max_length=10, choices=Channel)
    state = models.CharField(max_length=10, choices=DeliveryState)
    tries = models.PositiveSmallIntegerField()
    slice_id = models.BigIntegerField(null=True)  # while unfinished
    sent_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "delivery"
        indexes = [
            models.Index(
                fields=["slice_id"],
                condition=models.Q(slice_id__isnull=False),
                name="delivery_slice",
            ),
            models.Index(fields=["contact_point_id"], name="delivery_contact_point"),
        ]

    def __str__(self) -> str:
        return f"delivery {self.issue_id}/{self.contact_point_id}/{self.channel}"


class Attempt(models.Model):
    """One try, appended."""

    class Outcome(models.TextChoices):
        SENT = "sent", "sent"
        LATER = "later", "later"
        REFUSED = "refused", "refused"

    pk = models.CompositePrimaryKey("issue_id", "contact_point_id", "channel", "n")
    issue_id = models.BigIntegerField()
    contact_point_id = models.BigIntegerField()
    channel = models.CharField(max_length=10, choices=Channel)
    n = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=10, choices=Outcome)
    route = models.CharField(max_length=20)
    detail = models.CharField(max_length=300)
    at = models.DateTimeField()

    class Meta:
        db_table = "attempt"

    def __str__(self) -> str:
        return f"attempt {self.n}: {self.outcome}"
