"""What officers sign in with, how they come in, and where they are signed in.

Moments here are the database's real clock: a drill that plays another day opens no link again.
"""

from django.conf import settings
from django.db import models

from wayhome.officers.roles import Role


class Passkey(models.Model):
    """A public key whose private half never leaves the officer's device (WebAuthn)."""

    officer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="passkeys")
    credential_id = models.CharField(max_length=1400, unique=True)  # base64url of up to 1023 bytes
    public = models.BinaryField()  # attested credential data (WebAuthn 6.5.1)
    handle = models.CharField(max_length=60)  # what the device calls the officer; says nothing
    name = models.CharField(max_length=60)
    sign_count = models.BigIntegerField(default=0)
    made_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "passkey"

    def __str__(self) -> str:
        return f"passkey {self.name}"


class Totp(models.Model):
    """The shared secret of an officer's code app (RFC 6238), sealed."""

    officer = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="totp", primary_key=True
    )
    sealed = models.BinaryField()
    used_step = models.BigIntegerField()  # the newest step a code was taken of: none twice
    made_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "totp"

    def __str__(self) -> str:
        return f"code app of officer {self.officer_id}"


class RecoveryCode(models.Model):
    """One code that stands in for a second factor, once; kept as a keyed hash."""

    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="recovery_codes"
    )
    code_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "recovery_code"

    def __str__(self) -> str:
        return f"recovery code {self.pk}"


class Invitation(models.Model):
    """A link, good once, by which somebody becomes an officer, or an officer comes back in."""

    email = models.EmailField()
    name = models.CharField(max_length=200)
    office = models.CharField(max_length=200, blank=True)
    role = models.CharField(max_length=20, choices=[(role, role.value) for role in Role])
    secret_hash = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    # Null: somebody on the server's command line.
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True
    )
    revoked_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    # Whom it brings back (recovery), or whom it made.
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="invitations", null=True
    )

    class Meta:
        db_table = "invitation"
        indexes = [
            models.Index(
                fields=["expires_at"],
                condition=models.Q(used_at__isnull=True, revoked_at__isnull=True),
                name="invitation_open",
            )
        ]

    def __str__(self) -> str:
        return f"invitation {self.pk}"


class Recovery(models.Model):
    """Two administrators let an officer who has lost everything begin anew."""

    officer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="recoveries")
    why = models.CharField(max_length=300)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True
    )
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True
    )
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "recovery"
        constraints = [
            models.UniqueConstraint(
                fields=["officer"],
                condition=models.Q(closed_at__isnull=True),
                name="recovery_open_once",
            )
        ]

    def __str__(self) -> str:
        return f"recovery of officer {self.officer_id}"


class OfficerSession(models.Model):
    """One browser in which an officer is signed in. Ended, it opens nothing from that moment."""

    class Way(models.TextChoices):
        """What the officer showed to come in."""

        PASSWORD = "password", "password alone"
        PASSKEY = "passkey", "passkey"
        TOTP = "totp", "password and code"
        RECOVERY = "recovery", "password and recovery code"

    officer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="sessions")
    way = models.CharField(max_length=10, choices=Way)
    device = models.CharField(max_length=80, blank=True)
    network = models.CharField(max_length=45, blank=True)
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=60, blank=True)

    class Meta:
        db_table = "officer_session"
        indexes = [
            models.Index(
                fields=["officer"],
                condition=models.Q(ended_at__isnull=True),
                name="officer_session_open",
            )
        ]

    def __str__(self) -> str:
        return f"session {self.pk} of officer {self.officer_id}"


class SignInTries(models.Model):
    """Tries to sign in that did not succeed, of one account or network or of both together."""

    key = models.CharField(max_length=64, primary_key=True)  # keyed hash: it names nobody
    count = models.FloatField()
    last_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "sign_in_tries"

    def __str__(self) -> str:
        return f"{self.count:.0f} tries"


class OfficerNotice(models.Model):
    """What an officer must be told about their own account, until they say that they read it."""

    officer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="notices")
    words = models.CharField(max_length=400)
    made_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "officer_notice"
        indexes = [
            models.Index(
                fields=["officer"],
                condition=models.Q(read_at__isnull=True),
                name="officer_notice_unread",
            )
        ]

    def __str__(self) -> str:
        return f"notice {self.pk}"
