"""What the doors keep beside a registration: codes, who entered it, telling, quarantine."""

from django.db import models


class ReachCode(models.Model):
    """A code sent to an address, to show that whoever enrolled it reads what comes there."""

    reach = models.ForeignKey("travellers.Reach", models.PROTECT, related_name="codes")
    contact_point_id = models.BigIntegerField()
    domain = models.CharField(max_length=255, blank=True)
    network = models.CharField(max_length=64, blank=True)  # a mark of the day, or nothing
    code_hash = models.CharField(max_length=64)
    wrong = models.PositiveSmallIntegerField(default=0)
    last_wrong_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()  # of the code; its link holds longer
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "reach_code"
        indexes = [
            models.Index(fields=["contact_point_id", "made_at"], name="reach_code_of_address"),
            models.Index(fields=["domain", "made_at"], name="reach_code_of_domain"),
            models.Index(fields=["network", "made_at"], name="reach_code_of_network"),
        ]

    def __str__(self) -> str:
        return f"code {self.pk}"


class AssuranceStep(models.Model):
    """How sure it became that a registration is who it says: by whom or what; appended."""

    registration = models.ForeignKey(
        "travellers.Registration", models.PROTECT, related_name="assurance_steps"
    )
    was = models.PositiveSmallIntegerField()
    now = models.PositiveSmallIntegerField()
    document = models.CharField(max_length=60, blank=True)  # its kind, never its number
    office = models.CharField(max_length=200, blank=True)  # the officer's, at the time
    why = models.CharField(max_length=300)
    officer_id = models.BigIntegerField(null=True)
    reach_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "assurance_step"

    def __str__(self) -> str:
        return f"registration {self.registration_id}: {self.was} to {self.now}"


class Informant(models.Model):
    """Who entered somebody else, as they say themselves; the person sees only of what kind."""

    registration = models.ForeignKey(
        "travellers.Registration", models.PROTECT, related_name="informants"
    )
    name = models.CharField(max_length=200)
    relation = models.CharField(max_length=60)
    how_known = models.CharField(max_length=300)
    made_at = models.DateTimeField()

    class Meta:
        db_table = "informant"

    def __str__(self) -> str:
        return f"informant {self.pk}"


class Telling(models.Model):
    """Somebody whom another entered was told so, at their first safe contact; once."""

    registration = models.OneToOneField(
        "travellers.Registration", models.PROTECT, related_name="telling"
    )
    contact_point_id = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        db_table = "telling"

    def __str__(self) -> str:
        return f"registration {self.registration_id} was told"


class Arrival(models.Model):
    """One use of a public door, under a mark that means nothing a day later; kept for a day."""

    mark = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        db_table = "arrival"
        indexes = [
            models.Index(fields=["mark", "at"], name="arrival_mark"),
            models.Index(fields=["at"], name="arrival_at"),
        ]

    def __str__(self) -> str:
        return f"arrival {self.pk}"


class Quarantine(models.Model):
    """A registration that came in a burst: warned as all are, and certain of nobody until it is
    released by proof of an address or by an officer."""

    class Why(models.TextChoices):
        NETWORK = "network", "many from one network"
        SURGE = "surge", "many from everywhere"
        LIKENESS = "likeness", "many that are alike"

    class Decision(models.TextChoices):
        PROVEN = "proven", "an address was proven"
        RELEASED = "released", "released by an officer"
        DECLINED = "declined", "declined by an officer"

    registration = models.OneToOneField(
        "travellers.Registration", models.PROTECT, related_name="quarantine"
    )
    why = models.CharField(max_length=10, choices=Why)
    burst = models.CharField(max_length=64)  # the mark that it shares with the others
    made_at = models.DateTimeField()
    decision = models.CharField(max_length=10, choices=Decision, blank=True)
    decided_at = models.DateTimeField(null=True)
    officer_id = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        db_table = "quarantine"
        indexes = [
            models.Index(
                fields=["burst", "id"],
                condition=models.Q(decision=""),
                name="quarantine_open",
            ),
        ]

    def __str__(self) -> str:
        return f"registration {self.registration_id} in quarantine"


class GuardianWish(models.Model):
    """A guardian asks another adult of the party to take a child into their care."""

    minor = models.ForeignKey("travellers.Registration", models.PROTECT, related_name="+")
    asked_by = models.ForeignKey("travellers.Registration", models.PROTECT, related_name="+")
    asked_of = models.ForeignKey("travellers.Registration", models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    accepted = models.BooleanField(null=True)

    class Meta:
        db_table = "guardian_wish"
        constraints = [
            models.UniqueConstraint(
                fields=["minor", "asked_of"],
                condition=models.Q(answered_at__isnull=True),
                name="guardian_wish_once",
            )
        ]

    def __str__(self) -> str:
        return f"wish {self.pk}"


class OrganisationCode(models.Model):
    """What members of an organisation write on the enrolment page; only its hash is kept."""

    organisation = models.ForeignKey(
        "travellers.Organisation", models.PROTECT, related_name="door_codes"
    )
    code_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "organisation_code"

    def __str__(self) -> str:
        return f"code of organisation {self.organisation_id}"


class NameChange(models.Model):
    """A name that somebody corrected on their own page; appended."""

    registration = models.ForeignKey(
        "travellers.Registration", models.PROTECT, related_name="name_changes"
    )
    was = models.CharField(max_length=200)
    said_by_id = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        db_table = "name_change"

    def __str__(self) -> str:
        return f"name of registration {self.registration_id}"
