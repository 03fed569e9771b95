"""Delivery, slice, attempt, receipt. The wide tables are written by hand-written SQL alone.

What is delivered is an issue or a letter: of ``issue_id`` and ``letter_id`` one is 0.
"""

from django.db import models

RELAY_LENGTH = 270  # of a host name and its port


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
    REFUSED = "refused", "refused"  # for good, by the relay
    WITHDRAWN = "withdrawn", "withdrawn"  # by the contact policy, at hand-off
    TOO_OLD = "too old", "too old"  # what it says held no longer before it could be sent


class SliceState(models.TextChoices):
    OPEN = "open", "open"
    HELD = "held", "held"  # for good: a newer issue of its thread speaks
    DONE = "done", "done"


class Slice(models.Model):
    """Deliveries of one issue, channel, route and lane that are leased and sent together.

    ``issue_id`` 0: letters.
    """

    issue_id = models.BigIntegerField()
    channel = models.CharField(max_length=10, choices=Channel)
    route = models.CharField(max_length=20)
    lane = models.PositiveSmallIntegerField(choices=Lane)
    size = models.PositiveIntegerField()
    relay = models.CharField(max_length=RELAY_LENGTH, blank=True)  # that it was leased for
    # The database's real clock, like all leases; cut in its future: it was set back since.
    cut_at = models.DateTimeField()
    due_at = models.DateTimeField()
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


class KeyFields(models.Model):
    """Issue (or letter), contact point and channel: what the wide tables' keys begin with."""

    issue_id = models.BigIntegerField()
    letter_id = models.BigIntegerField()
    contact_point_id = models.BigIntegerField()
    channel = models.CharField(max_length=10, choices=Channel)

    class Meta:
        abstract = True


class Delivery(KeyFields):
    """One for each issue, contact point and channel, by its key."""

    pk = models.CompositePrimaryKey("issue_id", "letter_id", "contact_point_id", "channel")
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


class Attempt(KeyFields):
    """One try, appended."""

    class Outcome(models.TextChoices):
        SENT = "sent", "sent"
        LATER = "later", "later"
        REFUSED = "refused", "refused"
        WITHDRAWN = "withdrawn", "withdrawn"
        TOO_OLD = "too old", "too old"

    pk = models.CompositePrimaryKey("issue_id", "letter_id", "contact_point_id", "channel", "n")
    n = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=10, choices=Outcome)
    relay = models.CharField(max_length=RELAY_LENGTH)
    detail = models.CharField(max_length=300)
    at = models.DateTimeField()

    class Meta:
        db_table = "attempt"

    def __str__(self) -> str:
        return f"attempt {self.n}: {self.outcome}"


class Receipt(KeyFields):
    """A provider's word about one delivery, appended; the same word twice is kept once."""

    class Word(models.TextChoices):
        DELIVERED = "delivered", "delivered"
        DEFERRED = "deferred", "deferred"
        BOUNCED = "bounced", "bounced"  # for good
        COMPLAINED = "complained", "complained"  # the reader called it unwanted
        UNSUBSCRIBED = "unsubscribed", "unsubscribed"

    pk = models.CompositePrimaryKey(
        "issue_id", "letter_id", "contact_point_id", "channel", "reference"
    )
    reference = models.CharField(max_length=64)  # hash of the provider's own name for its word
    word = models.CharField(max_length=12, choices=Word)
    provider = models.CharField(max_length=20)  # dsn, arf, canary, or the provider's name
    status = models.CharField(max_length=12, blank=True)  # enhanced status code (RFC 3463)
    detail = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "receipt"

    def __str__(self) -> str:
        return f"{self.provider}: {self.word}"


class Total(models.Model):
    """Running totals of one issue (0: letters) by channel, receiving domain, fact and cause.

    Written in the transaction of what they count, by ``totals`` alone.
    """

    pk = models.CompositePrimaryKey("issue_id", "channel", "domain", "fact", "cause")
    issue_id = models.BigIntegerField()
    channel = models.CharField(max_length=10, choices=Channel)
    domain = models.CharField(max_length=255)  # of a mail address; empty for telephones
    # planned, a DeliveryState that ends a delivery, later (tries), or a Receipt.Word
    fact = models.CharField(max_length=12)
    cause = models.CharField(max_length=60, blank=True)
    n = models.BigIntegerField()

    class Meta:
        db_table = "delivery_total"

    def __str__(self) -> str:
        return f"{self.issue_id} {self.channel} {self.domain} {self.fact}: {self.n}"


class PaceSample(models.Model):
    """How many deliveries of an issue to one domain had ended at a moment; kept for some minutes.

    Appended once a minute by ``pace`` while the issue owes something, so that the hand-off itself
    writes nothing for it.
    """

    pk = models.CompositePrimaryKey("issue_id", "at", "channel", "domain")
    issue_id = models.BigIntegerField()
    at = models.DateTimeField()
    channel = models.CharField(max_length=10, choices=Channel)
    domain = models.CharField(max_length=255)
    ended = models.BigIntegerField()

    class Meta:
        db_table = "pace_sample"

    def __str__(self) -> str:
        return f"{self.issue_id} {self.domain} at {self.at}: {self.ended}"


class Relay(models.Model):
    """What is known of one relay: how busy, and whether it is down. One row for each name."""

    name = models.CharField(max_length=RELAY_LENGTH, primary_key=True)
    free_at = models.DateTimeField(null=True)  # when its rate allows the next slice
    down_until = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)  # in a row
    last_error = models.CharField(max_length=300, blank=True)
    sent = models.BigIntegerField(default=0)
    sending_seconds = models.FloatField(default=0)

    class Meta:
        db_table = "relay"

    def __str__(self) -> str:
        return self.name


class Dispatch(models.Model):
    """How far the delivery of one issue is, and whether officers have stopped it."""

    issue_id = models.BigIntegerField(primary_key=True)
    planned_at = models.DateTimeField(null=True)  # when its whole audience was last planned
    first_sent_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    alarm = models.CharField(max_length=300, blank=True)
    alarm_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "dispatch"

    def __str__(self) -> str:
        return f"dispatch of issue {self.issue_id}"


class DispatchStep(models.Model):
    """An officer stopped or resumed the sending of an issue, appended."""

    class Did(models.TextChoices):
        STOPPED = "stopped", "stopped"
        RESUMED = "resumed", "resumed"

    issue_id = models.BigIntegerField()
    did = models.CharField(max_length=10, choices=Did)
    officer_id = models.BigIntegerField()
    why = models.CharField(max_length=300)
    at = models.DateTimeField()

    class Meta:
        db_table = "dispatch_step"
        indexes = [models.Index(fields=["issue_id", "at"], name="dispatch_step_issue")]

    def __str__(self) -> str:
        return f"issue {self.issue_id} {self.did}"


class ForgottenFiles(models.Model):
    """A contact point whose messages, where they became files, are deleted on every host."""

    contact_point_id = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        db_table = "forgotten_files"

    def __str__(self) -> str:
        return f"files of contact point {self.contact_point_id}"
