"""Muster, roll entry, and the history of each entry."""

from django.db import models

from wayhome.bulletins.models import Bulletin
from wayhome.ledger.models import Incident
from wayhome.replies.models import Reply
from wayhome.travellers.models import Traveller


class Muster(models.Model):
    """A roll call over a region and a period."""

    name = models.CharField(max_length=200)
    region = models.JSONField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    safe_hours = models.PositiveSmallIntegerField(default=24)
    opened_by = models.BigIntegerField()
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    threads = models.ManyToManyField(Bulletin, through="MusterThread", related_name="+")
    incidents = models.ManyToManyField(Incident, through="MusterIncident", related_name="+")

    class Meta:
        db_table = "muster"

    def __str__(self) -> str:
        return self.name


class MusterThread(models.Model):
    """A thread whose replies count for the muster, and whose audiences are on its roll."""

    muster = models.ForeignKey(Muster, models.PROTECT, related_name="+")
    bulletin = models.ForeignKey(Bulletin, models.PROTECT, related_name="+")

    class Meta:
        db_table = "muster_thread"
        constraints = [
            models.UniqueConstraint(fields=["muster", "bulletin"], name="muster_thread_once")
        ]

    def __str__(self) -> str:
        return f"{self.muster_id} counts {self.bulletin_id}"


class MusterIncident(models.Model):
    muster = models.ForeignKey(Muster, models.PROTECT, related_name="+")
    incident = models.ForeignKey(Incident, models.PROTECT, related_name="+")

    class Meta:
        db_table = "muster_incident"
        constraints = [
            models.UniqueConstraint(fields=["muster", "incident"], name="muster_incident_once")
        ]

    def __str__(self) -> str:
        return f"{self.muster_id} cites {self.incident_id}"


class RollState(models.TextChoices):
    SILENT = "silent", "silent"
    SAFE = "safe", "last known safe"
    NEEDS_HELP = "needs help", "needs help"
    NOT_THERE = "not there", "not there"
    DEPARTED = "departed", "departed"
    UNREACHABLE = "unreachable", "unreachable"
    # The closed compartment: shown only to officers cleared for cases.
    IN_HOSPITAL = "in hospital", "in hospital"
    DETAINED = "detained", "detained"
    HELD = "held by others", "held by others"
    MISSING = "missing", "missing"
    BELIEVED_DEAD = "believed dead", "believed dead"
    CONFIRMED_DEAD = "confirmed dead", "confirmed dead"


CASE_STATES = frozenset(
    {
        RollState.IN_HOSPITAL,
        RollState.DETAINED,
        RollState.HELD,
        RollState.MISSING,
        RollState.BELIEVED_DEAD,
        RollState.CONFIRMED_DEAD,
    }
)


class RollEntry(models.Model):
    """One traveller on a muster. Nobody is ever taken off; an officer may close an entry, and that
    of a record that was joined to another is closed, by nobody, while the other stands for it."""

    muster = models.ForeignKey(Muster, models.PROTECT, related_name="entries")
    traveller = models.ForeignKey(Traveller, models.PROTECT, related_name="+")
    area = models.CharField(max_length=10)
    certainty = models.SmallIntegerField()
    reason = models.SmallIntegerField()
    state = models.CharField(max_length=15, choices=RollState, default=RollState.SILENT)
    since = models.DateTimeField()
    safe_until = models.DateTimeField(null=True)
    # A claim made after a call for help, or what a joined record was found to be, that no officer
    # has yet weighed.
    later_claim = models.CharField(max_length=15, blank=True)
    newest_reply = models.ForeignKey(Reply, models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.BigIntegerField(null=True)
    joined_at = models.DateTimeField()

    class Meta:
        db_table = "roll_entry"
        constraints = [
            models.UniqueConstraint(fields=["muster", "traveller"], name="roll_entry_once")
        ]
        indexes = [
            models.Index(fields=["muster", "state", "area"], name="roll_entry_board"),
            models.Index(
                fields=["safe_until"],
                condition=models.Q(safe_until__isnull=False),
                name="roll_entry_safe_until",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.traveller_id} on muster {self.muster_id}: {self.state}"


class RollChange(models.Model):
    """What happened to an entry, appended."""

    class Why(models.TextChoices):
        JOINED = "joined", "put on the roll"
        REPLY = "reply", "a reply"
        SAFE_EXPIRED = "safe expired", "safe is no longer known"
        OFFICER = "officer", "an officer"
        COUNTED_WITH = "counted with", "two records of one person are counted as one"
        PARTED = "parted", "it is a person of its own again"

    entry = models.ForeignKey(RollEntry, models.PROTECT, related_name="changes")
    was = models.CharField(max_length=15, blank=True)
    state = models.CharField(max_length=15)
    why = models.CharField(max_length=15, choices=Why)
    reply = models.ForeignKey(Reply, models.PROTECT, null=True, related_name="+")
    officer_id = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=60, blank=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "roll_change"
        indexes = [models.Index(fields=["entry", "at"], name="roll_change_history")]

    def __str__(self) -> str:
        return f"{self.entry_id}: {self.was} to {self.state}"
