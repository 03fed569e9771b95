"""Officers, compartments, looks."""

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
    """A closed set of cases or people that only cleared officers see."""

    name = models.CharField(max_length=60, unique=True)

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
        indexes = [models.Index(fields=["traveller_id", "hour"], name="look_of_traveller")]

    def __str__(self) -> str:
        return f"{self.officer_id} saw {self.traveller_id} in {self.view}"
