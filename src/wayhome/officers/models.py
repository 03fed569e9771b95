"""Officers, compartments and who is cleared for or bound to them, looks."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from wayhome.officers.roles import MAY, Role, Verb


class OfficerManager(BaseUserManager["Officer"]):
    def get_by_natural_key(self, username: str | None) -> "Officer":
        return self.get(email__iexact=username or "")


class Officer(AbstractBaseUser):
    """A person who works with Wayhome; signs in with a mail address."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200)
    office = models.CharField(max_length=200, blank=True)
    role = models.CharField(max_length=20, choices=[(role, role.value) for role in Role])
    is_active = models.BooleanField(default=True)

    objects: ClassVar[OfficerManager] = OfficerManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name", "role"]

    class Meta:
        db_table = "officer"

    def __str__(self) -> str:
        return f"{self.name} ({self.role})"

    def may(self, verb: Verb) -> bool:
        return self.is_active and verb in MAY[Role(self.role)]


class Compartment(models.Model):
    """A set of cases or people. While it is closed, only cleared officers see what is in it."""

    name = models.CharField(max_length=60, unique=True)
    closed = models.BooleanField(default=True)

    class Meta:
        db_table = "compartment"

    def __str__(self) -> str:
        return self.name


class Clearance(models.Model):
    """An officer may see a compartment."""

    officer = models.ForeignKey(Officer, models.PROTECT, related_name="clearances")
    compartment = models.ForeignKey(Compartment, models.PROTECT, related_name="clearances")
    given_at = models.DateTimeField()

    class Meta:
        db_table = "clearance"
        constraints = [
            models.UniqueConstraint(fields=["officer", "compartment"], name="clearance_once")
        ]

    def __str__(self) -> str:
        return f"{self.officer}: {self.compartment}"


class Binding(models.Model):
    """An officer of an organisation belongs to its compartment, and sees what is in that alone."""

    officer = models.OneToOneField(Officer, models.PROTECT, related_name="binding")
    compartment = models.ForeignKey(Compartment, models.PROTECT, related_name="bindings")
    given_at = models.DateTimeField()

    class Meta:
        db_table = "binding"

    def __str__(self) -> str:
        return f"{self.officer} of {self.compartment}"


class BrokenGlass(models.Model):
    """An officer opened a compartment that they are not cleared for: until when, and why."""

    officer = models.ForeignKey(Officer, models.PROTECT, related_name="broken_glass")
    compartment = models.ForeignKey(Compartment, models.PROTECT, related_name="broken_glass")
    why = models.CharField(max_length=300)
    at = models.DateTimeField()  # both by the database's clock: a drill's own does not hold here
    until = models.DateTimeField()
    acknowledged_by = models.ForeignKey(Officer, models.PROTECT, null=True, related_name="+")
    acknowledged_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "broken_glass"
        indexes = [
            models.Index(
                fields=["-at"],
                condition=models.Q(acknowledged_at__isnull=True),
                name="broken_glass_standing",
            )
        ]

    def __str__(self) -> str:
        return f"{self.officer_id} opened {self.compartment_id}"


class Look(models.Model):
    """One officer having seen one person's data, in one view and hour, for a purpose."""

    officer_id = models.BigIntegerField()
    traveller_id = models.BigIntegerField()  # no key: a look outlives what was looked at
    view = models.CharField(max_length=40)
    hour = models.DateTimeField()
    purpose = models.CharField(max_length=200)

    class Meta:
        db_table = "look"
        constraints = [
            models.UniqueConstraint(
                fields=["officer_id", "traveller_id", "view", "hour"], name="look_once_an_hour"
            )
        ]
        indexes = [
            models.Index(fields=["traveller_id", "hour"], name="look_of_traveller"),
            models.Index(fields=["hour"], name="look_by_hour"),
        ]

    def __str__(self) -> str:
        return f"{self.officer_id} saw {self.traveller_id} in {self.view}"


class AuditRow(models.Model):
    """What somebody did: who, when, what, to which object, why. Appended; a trigger refuses to
    change or delete it. Nobody's personal data is in it: it names objects by kind and number."""

    at = models.DateTimeField()  # by the database's clock
    officer_id = models.BigIntegerField(null=True)  # null: whoever runs the host, by a command
    deed = models.CharField(max_length=40)
    kind = models.CharField(max_length=40)
    number = models.BigIntegerField(null=True)
    why = models.CharField(max_length=300, blank=True)

    class Meta:
        db_table = "audit_row"
        indexes = [models.Index(fields=["officer_id", "-id"], name="audit_row_of_officer")]

    def __str__(self) -> str:
        return f"{self.officer_id} {self.deed} {self.kind} {self.number}"


class AuditBatch(models.Model):
    """Rows of the audit trail under one hash, which covers the hash of the batch before. Appended.

    ``ids``: every row that it holds ("7-19,21"); ``late``: those among them that came to light
    after a batch with higher numbers was closed. ``marks``: eight bytes of each row's own SHA-256,
    in order, so that a changed row can be named.
    """

    n = models.BigIntegerField(primary_key=True)  # from 1, without a gap
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    rows = models.PositiveIntegerField()
    ids = models.TextField()
    late = models.TextField(blank=True)
    marks = models.TextField()
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    closed_at = models.DateTimeField()

    class Meta:
        db_table = "audit_batch"

    def __str__(self) -> str:
        return f"batch {self.n} of the audit trail"


# How officers sign in has tables of its own. Django finds models in this module alone.
from wayhome.officers import account_models  # noqa: E402, F401
