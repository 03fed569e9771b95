"""Settings: ``WAYHOME_*`` environment variables, typed; ``NAME_FILE`` reads a secret from a file.

docs/reference/settings.md lists them; a test holds that page against ``DECLARED``.
"""

import os
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

from wayhome.secret_key import read_or_make

DECLARED: dict[str, tuple[type, object, str]] = {
    "WAYHOME_DATA_DIR": (str, "wayhome-data", "folder of the embedded database, key and outbox"),
    "WAYHOME_DATABASE_URL": (str, "", "a PostgreSQL server; empty: the embedded SQLite database"),
    "WAYHOME_SECRET_KEY": (str, "", "signing key; empty: made at first start in the data folder"),
    "WAYHOME_EXERCISE": (bool, False, "this instance is an exercise (drill), never a live one"),
    "WAYHOME_HOSTS": (list, ["localhost", "127.0.0.1", "[::1]"], "host names this site answers to"),
    "WAYHOME_PUBLIC_URL": (
        str,
        "http://127.0.0.1:8000",
        "address that links in messages start with",
    ),
    "WAYHOME_SENDER_NAME": (str, "Wayhome", "name that messages and pages are signed with"),
    "WAYHOME_MAIL_FROM": (str, "wayhome@localhost", "sender address of mail"),
    "WAYHOME_SMTP_URL": (
        str,
        "",
        "smtp://, smtp+tls:// or smtps:// relays, blanks between them, each with ?weight=1"
        "&rate=50&connections=4&ca=FILE as needed; empty: mail goes to files",
    ),
    "WAYHOME_MAIL_RATE": (
        int,
        200,
        "messages a second of a relay whose address names no rate; sizes its slices",
    ),
    "WAYHOME_SEND_THREADS": (int, 4, "slices that one worker sends at a time"),
    "WAYHOME_GIVE_UP_HOURS": (
        int,
        72,
        "hours after its first try in which a message that a relay puts off is tried again",
    ),
    "WAYHOME_ANSWER_SECONDS": (
        int,
        120,
        "seconds that a relay which has a whole message may take to answer; sent again sooner, a"
        " message that it takes after all comes twice",
    ),
    "WAYHOME_DKIM_SELECTOR": (str, "", "selector of the DKIM key; empty: the relay signs"),
    "WAYHOME_DKIM_KEY": (str, "", "private DKIM key in PEM, RSA or Ed25519"),
    "WAYHOME_BOUNCE_ADDRESS": (
        str,
        "",
        "address that bounces come back to, each with its own +token; empty: WAYHOME_MAIL_FROM",
    ),
    "WAYHOME_BOUNCE_LMTP": (str, "", "host:port on which a worker takes bounces by LMTP"),
    "WAYHOME_BOUNCE_MAILDIR": (str, "", "Maildir from which a worker takes bounces"),
    "WAYHOME_CANARIES": (
        list,
        [],
        "mail addresses of this office that get every issue, to see that it arrives",
    ),
    "WAYHOME_ALARM_MINUTES": (
        int,
        10,
        "minutes after an issue within which nothing handed over, or no canary, is an alarm",
    ),
    "WAYHOME_LEASE_SECONDS": (int, 60, "seconds after which a silent worker's work is taken over"),
    "WAYHOME_READBACK_MINUTES": (int, 60, "minutes for which a readback is fresh enough to sign"),
    "WAYHOME_SECOND_FACTOR": (
        str,
        "",
        "required or optional: whether officers need a passkey or a code beside the password;"
        " empty: required, in an exercise optional",
    ),
    "WAYHOME_SESSION_IDLE_MINUTES": (
        int,
        60,
        "minutes without a press of a button after which an officer signs in again",
    ),
    "WAYHOME_SESSION_HOURS": (int, 12, "hours after which an officer signs in again in any case"),
    "WAYHOME_PROXIES": (
        int,
        0,
        "proxies of your own in front of this site, each of which adds to X-Forwarded-For",
    ),
    "WAYHOME_KNOWN_NETWORKS": (
        list,
        [],
        "networks (CIDR) from which many people come by one address: embassies, campuses",
    ),
    "WAYHOME_ENROL_PER_NETWORK": (
        int,
        30,
        "enrolments from one network within ten minutes, above which more go to quarantine",
    ),
    "WAYHOME_ENROL_OVERALL": (
        int,
        60_000,
        "enrolments from everywhere within ten minutes, above which more go to quarantine",
    ),
    "WAYHOME_CODES_PER_DOMAIN": (
        int,
        20_000,
        "codes an hour to addresses of one domain that nobody has proven; more wait",
    ),
    "WAYHOME_MASTER_KEYS": (
        str,
        "",
        "name:base64 keys that wrap each person's own, the newest last; empty: the file master.keys"
        " in the data folder, made at first use",
    ),
    "WAYHOME_KEYS_URL": (
        str,
        "",
        "PostgreSQL database of people's keys, not the main one; empty: keys.sqlite3 in the data"
        " folder, for one host",
    ),
    "WAYHOME_TOMBSTONES": (
        str,
        "",
        "file that lists who was erased, by number; empty: tombstones.jsonl in the data folder",
    ),
    "WAYHOME_RETAIN_STAY_DAYS": (int, 90, "days after its end for which a stay is kept"),
    "WAYHOME_RETAIN_OPEN_DAYS": (
        int,
        730,
        "days after which a stay without end, or a watch, that nobody said again is over",
    ),
    "WAYHOME_RETAIN_PERSON_DAYS": (
        int,
        30,
        "days for which a person of whom no stay, journey or watch is left is kept",
    ),
    "WAYHOME_RETAIN_WORDS_DAYS": (
        int,
        365,
        "days for which letters, words of replies, notes and relays' words are kept",
    ),
    "WAYHOME_RETAIN_LOOK_DAYS": (int, 1095, "days for which it is kept who looked at whom"),
    "WAYHOME_RETAIN_MAIL_DAYS": (
        int,
        30,
        "days for which codes that were sent are kept (a month at least), and files of mail on a"
        " worker's host: outbox, mail-kept, bounces taken",
    ),
    "WAYHOME_PRIVACY_CONTACT": (
        str,
        "",
        "who answers for people's data, as the privacy page names them, with an address",
    ),
    "WAYHOME_PRIVACY_AUTHORITY": (str, "", "authority to which people may complain"),
    "WAYHOME_LEGAL_BASIS": (
        str,
        "",
        "legal basis of each purpose in the operator's words, as JSON; empty: the register's",
    ),
    "WAYHOME_SECURE_COOKIES": (bool, False, "cookies only over HTTPS (set it behind a TLS proxy)"),
}

env = environ.FileAwareEnv(
    **{name: (kind, default) for name, (kind, default, _) in DECLARED.items()}
)

WAYHOME_EXERCISE: bool = env("WAYHOME_EXERCISE")
WAYHOME_PUBLIC_URL: str = env("WAYHOME_PUBLIC_URL").rstrip("/")
WAYHOME_SENDER_NAME: str = env("WAYHOME_SENDER_NAME")
WAYHOME_MAIL_FROM: str = env("WAYHOME_MAIL_FROM")
WAYHOME_SMTP_URL: str = env("WAYHOME_SMTP_URL")
WAYHOME_MAIL_RATE: int = env("WAYHOME_MAIL_RATE")
WAYHOME_SEND_THREADS: int = env("WAYHOME_SEND_THREADS")
WAYHOME_GIVE_UP_HOURS: int = env("WAYHOME_GIVE_UP_HOURS")
WAYHOME_ANSWER_SECONDS: int = env("WAYHOME_ANSWER_SECONDS")
WAYHOME_DKIM_SELECTOR: str = env("WAYHOME_DKIM_SELECTOR")
WAYHOME_DKIM_KEY: str = env("WAYHOME_DKIM_KEY")
WAYHOME_BOUNCE_ADDRESS: str = env("WAYHOME_BOUNCE_ADDRESS")
WAYHOME_BOUNCE_LMTP: str = env("WAYHOME_BOUNCE_LMTP")
WAYHOME_BOUNCE_MAILDIR: str = env("WAYHOME_BOUNCE_MAILDIR")
WAYHOME_CANARIES: list[str] = env("WAYHOME_CANARIES")
WAYHOME_ALARM_MINUTES: int = env("WAYHOME_ALARM_MINUTES")
WAYHOME_LEASE_SECONDS: int = env("WAYHOME_LEASE_SECONDS")
WAYHOME_READBACK_MINUTES: int = env("WAYHOME_READBACK_MINUTES")
WAYHOME_SECOND_FACTOR: str = env("WAYHOME_SECOND_FACTOR").strip().lower()
if WAYHOME_SECOND_FACTOR not in ("", "required", "optional"):
    raise ImproperlyConfigured("WAYHOME_SECOND_FACTOR: use required or optional")
WAYHOME_SESSION_IDLE_MINUTES: int = env("WAYHOME_SESSION_IDLE_MINUTES")
WAYHOME_SESSION_HOURS: int = env("WAYHOME_SESSION_HOURS")
WAYHOME_PROXIES: int = env("WAYHOME_PROXIES")
WAYHOME_KNOWN_NETWORKS: list[str] = env("WAYHOME_KNOWN_NETWORKS")
WAYHOME_ENROL_PER_NETWORK: int = env("WAYHOME_ENROL_PER_NETWORK")
WAYHOME_ENROL_OVERALL: int = env("WAYHOME_ENROL_OVERALL")
WAYHOME_CODES_PER_DOMAIN: int = env("WAYHOME_CODES_PER_DOMAIN")
WAYHOME_DATA_DIR = Path(env("WAYHOME_DATA_DIR")).absolute()
# A file of keys is read again when it changes: a key is added while the system runs.
WAYHOME_MASTER_KEYS_FILE: str = os.environ.get("WAYHOME_MASTER_KEYS_FILE", "")
WAYHOME_MASTER_KEYS: str = "" if WAYHOME_MASTER_KEYS_FILE else env("WAYHOME_MASTER_KEYS")
WAYHOME_KEYS_URL: str = env("WAYHOME_KEYS_URL")
WAYHOME_TOMBSTONES: str = env("WAYHOME_TOMBSTONES")
WAYHOME_RETAIN_STAY_DAYS: int = env("WAYHOME_RETAIN_STAY_DAYS")
WAYHOME_RETAIN_OPEN_DAYS: int = env("WAYHOME_RETAIN_OPEN_DAYS")
WAYHOME_RETAIN_PERSON_DAYS: int = env("WAYHOME_RETAIN_PERSON_DAYS")
WAYHOME_RETAIN_WORDS_DAYS: int = env("WAYHOME_RETAIN_WORDS_DAYS")
WAYHOME_RETAIN_LOOK_DAYS: int = env("WAYHOME_RETAIN_LOOK_DAYS")
WAYHOME_RETAIN_MAIL_DAYS: int = env("WAYHOME_RETAIN_MAIL_DAYS")
WAYHOME_PRIVACY_CONTACT: str = env("WAYHOME_PRIVACY_CONTACT")
WAYHOME_PRIVACY_AUTHORITY: str = env("WAYHOME_PRIVACY_AUTHORITY")
WAYHOME_LEGAL_BASIS: str = env("WAYHOME_LEGAL_BASIS")

SECRET_KEY: str = env("WAYHOME_SECRET_KEY") or read_or_make(WAYHOME_DATA_DIR)
DEBUG = False
ALLOWED_HOSTS: list[str] = env("WAYHOME_HOSTS")
CSRF_TRUSTED_ORIGINS = [WAYHOME_PUBLIC_URL]
CSRF_FAILURE_VIEW = "wayhome.web.desk.kept.too_old"

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "wayhome.work",
    "wayhome.officers",
    "wayhome.letters",
    "wayhome.travellers",
    "wayhome.trips",
    "wayhome.ledger",
    "wayhome.bulletins",
    "wayhome.audience",
    "wayhome.delivery",
    "wayhome.replies",
    "wayhome.musters",
    "wayhome.web",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "wayhome.web.sessions.OfficerMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "wayhome.web.middleware.content_security_policy",
]

ROOT_URLCONF = "wayhome.web.urls"
WSGI_APPLICATION = "wayhome.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "wayhome.web.context.instance",
            ]
        },
    }
]


def _database() -> dict[str, object]:
    url: str = env("WAYHOME_DATABASE_URL")
    if not url:
        WAYHOME_DATA_DIR.mkdir(parents=True, exist_ok=True)
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": WAYHOME_DATA_DIR / "wayhome.sqlite3",
            "OPTIONS": {
                # Without IMMEDIATE a third of two-process writes failed; FULL survives power loss.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                " PRAGMA cache_size=-64000; PRAGMA temp_store=MEMORY;",
            },
            # A file, so that worker processes and threads of a test see one database.
            "TEST": {"NAME": WAYHOME_DATA_DIR / "test.sqlite3"},
        }
    config: dict[str, object] = dict(environ.FileAwareEnv.db_url_config(url))
    if config["ENGINE"] != "django.db.backends.postgresql":
        raise ValueError(
            "WAYHOME_DATABASE_URL: only postgres:// is supported; leave empty for SQLite"
        )
    return config | {
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # pgbouncer in transaction mode carries neither cursors nor prepared statements.
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": {"prepare_threshold": None},
    }


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "officers.Officer"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "desk:sign-in"
LOGIN_REDIRECT_URL = "desk:home"
LOGOUT_REDIRECT_URL = "desk:sign-in"

LANGUAGE_CODE = "en"
# Languages of the pages (those of messages are the issue texts'): one more with each catalogue.
LANGUAGES = [("en", "English")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
# Served from the packages themselves: there is nothing to collect before the first start.
WHITENOISE_USE_FINDERS = True

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE: bool = env("WAYHOME_SECURE_COOKIES")
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE
SESSION_COOKIE_AGE = WAYHOME_SESSION_HOURS * 3600
# An exercise and a live instance on one host must not share a session.
SESSION_COOKIE_NAME = "wayhome-exercise" if WAYHOME_EXERCISE else "wayhome"
# With "no-referrer" browsers send the origin "null" with every form, which CSRF checks refuse.
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_000_000
# A browser that keeps no cookies must still be able to enrol; signed links carry no session.
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "wayhome.work.logs.Line",
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        }
    },
    # The token in a signed link's address is a key: it is in no log.
    "filters": {"links": {"()": "wayhome.work.logs.HideLinks"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["links"],
        }
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    # Below this level it writes whole pages' values, and secrets are shown on some, once.
    "loggers": {"django.template": {"level": "INFO"}},
}
