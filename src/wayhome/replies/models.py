"""Replies as they were given, and the words with them under seal."""

from django.db import models

from wayhome.travellers.models import Registration


class Answer(models.TextChoices):
    SAFE = "safe", "safe"
    NEEDS_HELP = "needs help", "needs help"
    NOT_THERE = "not there", "not there"
    DEPARTED = "departed", "departed"
    RECEIVED = "received", "received"


class Reply(models.Model):
    """A claim about one person. Rows are added, never changed."""

    class Channel(models.TextChoices):
        LINK = "link", "link in a message"
        MY_TRIPS = "my trips", "my trips"
        OFFICER = "officer", "told to an officer"

    registration = models.ForeignKey(Registration, models.PROTECT, related_name="+")
    issue_id = models.BigIntegerField(null=True)
    contact_point_id = models.BigIntegerField(null=True)
    answer = models.CharField(max_length=12, choices=Answer)
    channel = models.CharField(max_length=10, choices=Channel)
    device = models.CharField(max_length=200, blank=True)
    said_by_id = models.BigIntegerField(null=True)  # traveller who pressed the button
    officer_id = models.BigIntegerField(null=True)
    said_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    # One press is one reply, however often the form is sent again on a bad line: a hash of the
    # page's own number, the answer and the words.
    press = models.CharField(max_length=64)

    class Meta:
        db_table = "reply"
        constraints = [
            models.UniqueConstraint(fields=["registration", "press"], name="reply_press_once")
        ]
        indexes = [models.Index(fields=["issue_id"], name="reply_issue")]

    def __str__(self) -> str:
        return f"reply {self.pk}: {self.answer}"


PLACE = "reply_private.sealed"  # to which the words are bound


class ReplyPrivate(models.Model):
    """The person's own words (where they are, what they need), sealed under their key."""

    reply = models.OneToOneField(Reply, models.PROTECT, primary_key=True, related_name="private")
    key_id = models.BigIntegerField()
    sealed = models.BinaryField()

    class Meta:
        db_table = "reply_private"

    def __str__(self) -> str:
        return f"words of reply {self.reply_id}"
