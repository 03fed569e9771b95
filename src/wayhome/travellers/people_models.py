"""What is kept so that people can be found, compared, joined and parted, and be surer of."""

from django.db import models


class NameKey(models.Model):
    """The names of one traveller as they are searched: ``"\\n ann ash \\n anna ash \\n"``.

    One row for each record that holds registrations, none for one that was emptied by a join.
    What it is found by stands beside it (``travellers.search_sql``), and in no model.
    """

    traveller = models.OneToOneField(
        "travellers.Traveller", models.CASCADE, primary_key=True, related_name="+"
    )
    text = models.TextField()

    class Meta:
        db_table = "name_key"

    def __str__(self) -> str:
        return f"names of {self.traveller_id}"


class NameSound(models.Model):
    """Two words of a name as they sound, by which names in other spellings are found."""

    traveller = models.ForeignKey("travellers.Traveller", models.CASCADE, related_name="+")
    sound = models.CharField(max_length=60)

    class Meta:
        db_table = "name_sound"
        constraints = [
            models.UniqueConstraint(fields=["sound", "traveller"], name="name_sound_once")
        ]

    def __str__(self) -> str:
        return f"{self.sound} of {self.traveller_id}"


class Compared(models.Model):
    """When a record was last held against the others, whether there were too many, and whether it
    is to be done again."""

    traveller = models.OneToOneField(
        "travellers.Traveller", models.CASCADE, primary_key=True, related_name="+"
    )
    at = models.DateTimeField(null=True)
    crowded = models.BooleanField(default=False)
    asked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "compared"
        indexes = [
            models.Index(
                fields=["asked_at"],
                condition=models.Q(asked_at__isnull=False),
                name="compared_asked",
            )
        ]

    def __str__(self) -> str:
        return f"{self.traveller_id} compared"


class Likeness(models.Model):
    """Two records that may be one person, and why. Officers decide; nothing follows by itself."""

    class State(models.TextChoices):
        OPEN = "open", "open"
        DECLINED = "declined", "two people"
        JOINED = "joined", "joined"

    a = models.ForeignKey("travellers.Traveller", models.CASCADE, related_name="+")
    b = models.ForeignKey("travellers.Traveller", models.CASCADE, related_name="+")
    score = models.PositiveSmallIntegerField()
    why = models.JSONField()  # [kind, words] of each reason, the strongest first
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    by_officer_id = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()  # of the last step

    class Meta:
        db_table = "likeness"
        constraints = [
            models.UniqueConstraint(fields=["a", "b"], name="likeness_once"),
            models.CheckConstraint(
                condition=models.Q(a__lt=models.F("b")), name="likeness_lower_first"
            ),
        ]
        indexes = [
            models.Index(
                fields=["-score", "id"], condition=models.Q(state="open"), name="likeness_open"
            )
        ]

    def __str__(self) -> str:
        return f"likeness of {self.a_id} and {self.b_id}"


class LikenessStep(models.Model):
    """A likeness was found, declined, joined, parted or found again; appended."""

    likeness = models.ForeignKey(Likeness, models.CASCADE, related_name="steps")
    state = models.CharField(max_length=10, choices=Likeness.State)
    why = models.JSONField()  # the reasons as they were then
    officer_id = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "likeness_step"

    def __str__(self) -> str:
        return f"{self.likeness_id} {self.state}"


class Joining(models.Model):
    """The newer record counts with the older one, until parted. The registrations follow."""

    older = models.ForeignKey("travellers.Traveller", models.PROTECT, related_name="+")
    newer = models.ForeignKey("travellers.Traveller", models.PROTECT, related_name="+")
    # An officer decided it, or it was proven at an address of the older record.
    by_officer_id = models.BigIntegerField(null=True)
    proven_at_id = models.BigIntegerField(null=True)  # the contact point
    why = models.CharField(max_length=300)
    at = models.DateTimeField()
    parted_by_id = models.BigIntegerField(null=True)
    parted_why = models.CharField(max_length=300, blank=True)
    parted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "joining"
        constraints = [
            models.UniqueConstraint(
                fields=["newer"],
                condition=models.Q(parted_at__isnull=True),
                name="joining_once",
            ),
            models.CheckConstraint(
                condition=~models.Q(older=models.F("newer")), name="joining_of_two"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.newer_id} joined to {self.older_id}"
