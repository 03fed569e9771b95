"""Traveller, registration, party, organisation, contact point, reach."""

from django.db import models

from wayhome.officers.models import Compartment

FIRST_EPOCH = 1  # of a link that was never revoked


class Traveller(models.Model):
    """A person looked after. Adults speak for themselves and for minors in their care."""

    name = models.CharField(max_length=200)
    guardian = models.ForeignKey("self", models.PROTECT, null=True, related_name="minors")
    made_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True)  # nothing but numbers is left

    class Meta:
        db_table = "traveller"

    def __str__(self) -> str:
        return f"traveller {self.pk}"

    @property
    def is_minor(self) -> bool:
        return self.guardian_id is not None


class Organisation(models.Model):
    """A university, agency or company; sees its own registrations and nothing else."""

    name = models.CharField(max_length=200)
    code = models.SlugField(max_length=40, unique=True)
    # What it registered is in this compartment: its own officers are bound to it, and while it is
    # closed nobody else sees it who is not cleared. None: no officer of its own, open to all.
    compartment = models.OneToOneField(Compartment, models.PROTECT, null=True, related_name="+")

    class Meta:
        db_table = "organisation"

    def __str__(self) -> str:
        return self.name


class Door(models.TextChoices):
    SELF = "self", "self"
    RELATIVE = "relative", "relative"
    ORGANISATION = "organisation", "organisation"
    OFFICER = "officer", "officer"
    LIST = "list", "list"


class Assurance(models.IntegerChoices):
    """How sure it is that this is who they say; higher is surer."""

    SELF_DECLARED = 1, "self-declared"
    REACHABLE = 2, "reachable"
    DOCUMENT_SEEN = 3, "document seen"
    CONFIRMED = 4, "confirmed"


class Registration(models.Model):
    """One entry as it came through one door, with its original values."""

    traveller = models.ForeignKey(Traveller, models.PROTECT, related_name="registrations")
    door = models.CharField(max_length=15, choices=Door)
    assurance = models.PositiveSmallIntegerField(choices=Assurance)
    entered_by_id = models.BigIntegerField(null=True)  # officer, where one typed it in
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="registrations"
    )
    # The other register's own name for this entry: importing it again changes nothing.
    reference = models.CharField(max_length=120, blank=True)
    original = models.JSONField()
    made_at = models.DateTimeField()
    link_epoch = models.PositiveIntegerField(default=FIRST_EPOCH)  # raised to revoke its links

    class Meta:
        db_table = "registration"
        constraints = [
            models.UniqueConstraint(
                fields=["door", "reference"],
                condition=~models.Q(reference="") & models.Q(organisation__isnull=True),
                name="registration_reference_once",
            ),
            models.UniqueConstraint(
                fields=["organisation", "reference"],
                condition=~models.Q(reference="") & models.Q(organisation__isnull=False),
                name="registration_reference_of_organisation",
            ),
        ]
        indexes = [
            # Of all: SQLite uses no partial one for a value that it is given when it runs.
            models.Index(fields=["reference"], name="registration_reference")
        ]

    def __str__(self) -> str:
        return f"registration {self.pk}"


class Repointing(models.Model):
    """A registration was given to another traveller: how records are joined and parted."""

    registration = models.ForeignKey(Registration, models.PROTECT, related_name="repointings")
    from_traveller = models.ForeignKey(Traveller, models.PROTECT, related_name="+")
    to_traveller = models.ForeignKey(Traveller, models.PROTECT, related_name="+")
    by_officer_id = models.BigIntegerField(null=True)
    # The join or part that it belongs to; none: this registration alone was given away.
    joining = models.ForeignKey("Joining", models.PROTECT, null=True, related_name="+")
    why = models.CharField(max_length=300)
    at = models.DateTimeField()

    class Meta:
        db_table = "repointing"

    def __str__(self) -> str:
        return f"{self.registration_id}: {self.from_traveller_id} to {self.to_traveller_id}"


class Party(models.Model):
    """Travellers on one trip who wish to stay together: a wish, not a chain."""

    made_at = models.DateTimeField()

    class Meta:
        db_table = "party"

    def __str__(self) -> str:
        return f"party {self.pk}"


class PartyMember(models.Model):
    party = models.ForeignKey(Party, models.PROTECT, related_name="members")
    registration = models.ForeignKey(Registration, models.PROTECT, related_name="memberships")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        db_table = "party_member"
        constraints = [
            models.UniqueConstraint(
                fields=["party", "registration"],
                condition=models.Q(until__isnull=True),
                name="party_member_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.registration_id} in {self.party_id}"


class ContactPoint(models.Model):
    """One normalised address, whoever uses it."""

    class Kind(models.TextChoices):
        MAIL = "mail", "mail"
        PHONE = "phone", "phone"

    kind = models.CharField(max_length=10, choices=Kind)
    address = models.CharField(max_length=320)
    # HMAC of kind and address: two parties' one address is one row, and a dump gives no rainbow.
    address_hash = models.CharField(max_length=64)
    domain = models.CharField(max_length=255, blank=True)  # that receives its mail
    language = models.CharField(max_length=10, default="en")
    bounces = models.PositiveIntegerField(default=0)  # deliveries since one was proven
    suppressed_at = models.DateTimeField(null=True)
    suppressed_why = models.CharField(max_length=200, blank=True)
    link_epoch = models.PositiveIntegerField(default=1)
    made_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True)  # the address is gone, its number stays for proof

    class Meta:
        db_table = "contact_point"
        constraints = [
            models.UniqueConstraint(fields=["kind", "address_hash"], name="contact_point_once")
        ]
        indexes = [
            models.Index(
                fields=["-suppressed_at", "-id"],
                condition=models.Q(suppressed_at__isnull=False),
                name="contact_point_suppressed",
            ),
            models.Index(
                fields=["-bounces", "-id"],
                condition=models.Q(bounces__gt=0),
                name="contact_point_bouncing",
            ),
            models.Index(
                fields=["domain"], condition=~models.Q(domain=""), name="contact_point_domain"
            ),
        ]

    def __str__(self) -> str:
        return f"contact point {self.pk}"


class Suppression(models.Model):
    """Nothing is sent to a contact point any more, or again; appended, never changed."""

    class Did(models.TextChoices):
        SUPPRESSED = "suppressed", "suppressed"
        LIFTED = "lifted", "lifted"

    contact_point = models.ForeignKey(ContactPoint, models.PROTECT, related_name="suppressions")
    did = models.CharField(max_length=10, choices=Did)
    why = models.CharField(max_length=300)
    officer_id = models.BigIntegerField(null=True)  # null: by rule
    at = models.DateTimeField()

    class Meta:
        db_table = "suppression"

    def __str__(self) -> str:
        return f"{self.contact_point_id} {self.did}"


class Reach(models.Model):
    """A contact point used for one registration or its whole party, and on what terms."""

    class Purpose(models.TextChoices):
        OWN = "own", "own"
        EMERGENCY = "emergency contact", "emergency contact"

    class Wording(models.TextChoices):
        FULL = "full", "full"
        NEUTRAL = "neutral", "neutral"

    registration = models.ForeignKey(Registration, models.PROTECT, related_name="reaches")
    party = models.ForeignKey(Party, models.PROTECT, null=True, related_name="reaches")
    contact_point = models.ForeignKey(ContactPoint, models.PROTECT, related_name="reaches")
    purpose = models.CharField(max_length=20, choices=Purpose, default=Purpose.OWN)
    verified_at = models.DateTimeField(null=True)
    consent_at = models.DateTimeField(null=True)
    valid_until = models.DateTimeField(null=True)
    # The contact policy: by which channels (``,sms,``; empty: by any), when not, in what words.
    channels = models.CharField(max_length=40, blank=True)
    quiet_from = models.TimeField(null=True)  # local hours in which only warnings come
    quiet_until = models.TimeField(null=True)
    time_zone = models.CharField(max_length=40, default="UTC")  # IANA name
    language = models.CharField(max_length=10, blank=True)  # empty: the contact point's
    wording = models.CharField(max_length=10, choices=Wording, default=Wording.FULL)
    # The person asked that nothing more comes; kept, not carried out, while a muster covers them.
    stop_asked_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)  # nothing more comes
    hostile_since = models.DateTimeField(null=True)  # in hostile hands: nothing goes there
    ended_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField()

    class Meta:
        db_table = "reach"
        constraints = [
            models.UniqueConstraint(
                fields=["registration", "contact_point", "purpose"],
                condition=models.Q(ended_at__isnull=True, party__isnull=True),
                name="reach_once",
            ),
            models.UniqueConstraint(
                fields=["registration", "contact_point", "purpose", "party"],
                condition=models.Q(ended_at__isnull=True, party__isnull=False),
                name="reach_of_party_once",
            ),
            models.CheckConstraint(
                condition=models.Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | models.Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="reach_quiet_hours_have_two_ends",
            ),
        ]
        indexes = [
            # Few: asked of each message whether its address is one of these.
            models.Index(
                fields=["contact_point"],
                condition=models.Q(hostile_since__isnull=False),
                name="reach_hostile",
            ),
            models.Index(
                fields=["contact_point"],
                condition=models.Q(wording="neutral"),
                name="reach_neutral",
            ),
            models.Index(
                fields=["stop_asked_at"],
                condition=models.Q(stop_asked_at__isnull=False, stopped_at__isnull=True),
                name="reach_stop_asked",
            ),
            models.Index(
                fields=["verified_at"],
                condition=models.Q(verified_at__isnull=False, ended_at__isnull=True),
                name="reach_verified",
            ),
        ]

    def __str__(self) -> str:
        return f"reach {self.pk}"


class ReachStep(models.Model):
    """What was said or decided about the terms of a reach: by whom, when, why; appended."""

    class Did(models.TextChoices):
        CHANGED = "changed", "changed"
        ASKED_TO_STOP = "asked to stop", "asked that nothing more comes"
        STOPPED = "stopped", "stopped"
        RESUMED = "resumed", "resumed"
        HOSTILE = "hostile", "in hostile hands"
        SAFE_AGAIN = "safe again", "no longer in hostile hands"

    reach = models.ForeignKey(Reach, models.PROTECT, related_name="steps")
    did = models.CharField(max_length=13, choices=Did)
    what = models.CharField(max_length=300, blank=True)  # the terms that changed, in words
    # One of the two: an officer, or the registration whose own page it was said on.
    officer_id = models.BigIntegerField(null=True)
    said_by_id = models.BigIntegerField(null=True)
    why = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "reach_step"

    def __str__(self) -> str:
        return f"reach {self.reach_id} {self.did}"


from wayhome.travellers import door_models as door_models  # noqa: E402  (tables of the doors)
from wayhome.travellers import privacy_models as privacy_models  # noqa: E402  (of private data)
from wayhome.travellers.people_models import Compared as Compared  # noqa: E402
from wayhome.travellers.people_models import Joining as Joining  # noqa: E402
from wayhome.travellers.people_models import Likeness as Likeness  # noqa: E402
from wayhome.travellers.people_models import LikenessStep as LikenessStep  # noqa: E402
from wayhome.travellers.people_models import NameKey as NameKey  # noqa: E402
from wayhome.travellers.people_models import NameSound as NameSound  # noqa: E402
