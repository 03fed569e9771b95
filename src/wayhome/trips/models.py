"""Trip, stay, leg, watch, and the narrow rows that matching reads."""

from django.db import models
from django.db.models import Case, F, Value, When

from wayhome.travellers.models import Registration


class Trip(models.Model):
    """Stays and legs in order, as one registration says them. Residence is a stay with no end."""

    registration = models.ForeignKey(Registration, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        db_table = "trip"

    def __str__(self) -> str:
        return f"trip {self.pk}"


class Precision(models.TextChoices):
    POINT = "point", "point"
    CITY = "city", "city"
    SUBDIVISION = "subdivision", "subdivision"
    COUNTRY = "country", "country"


MAX_RADIUS_M = 50_000  # matching looks this far around a drawn shape, and no further


class PlacedFields(models.Model):
    """Where something is, as precisely as it was said (WGS84, degrees to about 100 m)."""

    words = models.CharField(max_length=200)
    precision = models.CharField(max_length=12, choices=Precision)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    radius_m = models.PositiveIntegerField(default=0)
    # Candidate areas as [code, certainty] pairs; near a border there are several.
    areas = models.JSONField()

    class Meta:
        abstract = True


class Stay(PlacedFields):
    """A place and local calendar days: the unit of matching. Edited by a new version."""

    trip = models.ForeignKey(Trip, models.PROTECT, related_name="stays")
    line = models.PositiveIntegerField()  # which stay of the trip; versions share it
    version = models.PositiveIntegerField(default=1)
    is_current = models.BooleanField(default=True)
    arrive = models.DateField()
    depart = models.DateField(null=True)  # null: no end
    departure_confirmed = models.BooleanField(default=False)
    # The line that it was said instead of by somebody whom a muster covers: both count meanwhile.
    instead_of = models.PositiveIntegerField(null=True)
    source = models.CharField(max_length=60)
    said_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)  # when it was last said again, unchanged

    class Meta:
        db_table = "stay"
        constraints = [
            models.UniqueConstraint(fields=["trip", "line", "version"], name="stay_version_once"),
            models.UniqueConstraint(
                fields=["trip", "line"],
                condition=models.Q(is_current=True),
                name="stay_one_current",
            ),
            models.CheckConstraint(
                condition=models.Q(depart__isnull=True) | models.Q(depart__gte=models.F("arrive")),
                name="stay_departs_after_arrival",
            ),
            models.CheckConstraint(
                condition=models.Q(radius_m__lte=MAX_RADIUS_M), name="stay_radius_within_reach"
            ),
        ]

    def __str__(self) -> str:
        return f"stay {self.pk}"


class Leg(models.Model):
    """How one gets between stays; matched to the hour at both ends."""

    class Mode(models.TextChoices):
        AIR = "air", "air"
        RAIL = "rail", "rail"
        ROAD = "road", "road"
        SEA = "sea", "sea"

    trip = models.ForeignKey(Trip, models.PROTECT, related_name="legs")
    line = models.PositiveIntegerField()
    mode = models.CharField(max_length=5, choices=Mode)
    carrier = models.CharField(max_length=60, blank=True)
    number = models.CharField(max_length=20, blank=True)
    departs_at = models.DateTimeField()
    arrives_at = models.DateTimeField()

    class Meta:
        db_table = "leg"
        constraints = [
            models.UniqueConstraint(fields=["trip", "line"], name="leg_line_once"),
            models.CheckConstraint(
                condition=models.Q(arrives_at__gte=models.F("departs_at")),
                name="leg_arrives_after_departure",
            ),
        ]

    def __str__(self) -> str:
        return f"leg {self.pk}"


class LegEnd(PlacedFields):
    """One end of a leg: where one boards, changes or alights."""

    leg = models.ForeignKey(Leg, models.CASCADE, related_name="ends")
    at = models.DateTimeField()

    class Meta:
        db_table = "leg_end"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(radius_m__lte=MAX_RADIUS_M), name="leg_end_radius_within_reach"
            )
        ]

    def __str__(self) -> str:
        return f"leg end {self.pk}"


class Watch(models.Model):
    """A wish to hear about an area without being there."""

    registration = models.ForeignKey(Registration, models.PROTECT, related_name="+")
    area = models.CharField(max_length=10)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        db_table = "watch"
        constraints = [
            models.UniqueConstraint(
                fields=["registration", "area"],
                condition=models.Q(until__isnull=True),
                name="watch_once",
            )
        ]
        indexes = [
            models.Index(fields=["area"], condition=models.Q(until__isnull=True), name="watch_area")
        ]

    def __str__(self) -> str:
        return f"watch {self.pk}"


SHORT_DAYS = 30
LONG_DAYS = 365
LONG_BUCKETS = 1_000_000
OPEN_BUCKET = 2_000_000
NO_END = 2_000_000  # the day number of a stay without end


class MatchFields(models.Model):
    """What both matching tables hold: one row for each candidate area of a place."""

    # Morton order of lon/lat; null where only an area is known.
    key = models.BigIntegerField(null=True)
    area = models.CharField(max_length=10)
    certainty = models.PositiveSmallIntegerField()
    traveller_id = models.BigIntegerField()
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    radius_m = models.PositiveIntegerField()

    class Meta:
        abstract = True


class StayMatch(MatchFields):
    """A current stay as matching reads it; days are numbers since 1970-01-01.

    ``bucket`` is the 30 days of arrival for stays of up to 30 days, the 365 days of arrival for
    those of up to a year, one bucket for the rest: a question about few days reads few buckets.
    """

    bucket = models.GeneratedField(
        expression=Case(
            When(depart__lte=F("arrive") + SHORT_DAYS, then=F("arrive") / SHORT_DAYS),
            When(
                depart__lte=F("arrive") + LONG_DAYS,
                then=Value(LONG_BUCKETS) + F("arrive") / LONG_DAYS,
            ),
            default=Value(OPEN_BUCKET),
        ),
        output_field=models.IntegerField(),
        db_persist=True,
    )
    stay_id = models.BigIntegerField()
    arrive = models.IntegerField()
    depart = models.IntegerField()  # NO_END without end
    departed = models.BooleanField()  # confirmed: no days of grace

    class Meta:
        db_table = "stay_match"
        indexes = [
            models.Index(fields=["bucket", "key"], name="stay_match_key"),
            models.Index(fields=["bucket", "area"], name="stay_match_area"),
            models.Index(fields=["stay_id"], name="stay_match_stay"),
            models.Index(fields=["traveller_id"], name="stay_match_traveller"),
        ]

    def __str__(self) -> str:
        return f"stay {self.stay_id} in {self.area}"


class LegMatch(MatchFields):
    """One end of a leg as matching reads it."""

    leg_end_id = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        db_table = "leg_match"
        indexes = [
            models.Index(fields=["at", "key"], name="leg_match_key"),
            models.Index(fields=["leg_end_id"], name="leg_match_end"),
            models.Index(fields=["traveller_id"], name="leg_match_traveller"),
        ]

    def __str__(self) -> str:
        return f"leg end {self.leg_end_id} in {self.area}"


from wayhome.trips import freshness_models as freshness_models  # noqa: E402  (its tables)
