"""A letter, as it is to be read by one person."""

from django.db import models


class Letter(models.Model):
    """One personal message to one contact point."""

    class Kind(models.TextChoices):
        CODE = "code", "a code"
        LINK = "link", "a link"
        PROMPT = "prompt", "a prompt"
        REQUEST = "request", "an officer's request"
        NOTICE = "notice", "a notice to an officer"

    kind = models.CharField(max_length=10, choices=Kind)
    contact_point_id = models.BigIntegerField()
    # Whose affair it is; null where the letter names nobody (a code to an address).
    registration_id = models.BigIntegerField(null=True)
    language = models.CharField(max_length=10)
    subject = models.CharField(max_length=160)
    # Emptied once it has been handed over or has grown old, where it carries a code or a link.
    text = models.TextField()
    officer_id = models.BigIntegerField(null=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    # The same press of a button, or the same prompt of the same day, is one letter.
    once = models.CharField(max_length=120)

    class Meta:
        db_table = "letter"
        constraints = [
            models.UniqueConstraint(fields=["contact_point_id", "once"], name="letter_once")
        ]
        indexes = [models.Index(fields=["registration_id", "-made_at"], name="letter_registration")]

    def __str__(self) -> str:
        return f"letter {self.pk} ({self.kind})"
