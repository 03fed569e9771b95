"""Chooses the database before settings are read: ``WAYHOME_TEST_DATABASE`` is sqlite or postgres.

On PostgreSQL: ``WAYHOME_TEST_POSTGRES_URL``, or a server on this host that lets us in. Where there
is none the run is skipped with a clear word, or fails where ``WAYHOME_REQUIRE_SERVICES`` is set.
"""

import os
import sys
import tempfile

DATABASE = os.environ.get("WAYHOME_TEST_DATABASE", "sqlite")
REQUIRE = os.environ.get("WAYHOME_REQUIRE_SERVICES", "") not in ("", "0")


def _postgres_url() -> str | None:
    import psycopg

    given = os.environ.get("WAYHOME_TEST_POSTGRES_URL")
    for url in [given] if given else ["postgres:///postgres", "postgres://127.0.0.1:5432/postgres"]:
        try:
            with psycopg.connect(url, connect_timeout=3) as connection:
                row = connection.execute(
                    "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
                ).fetchone()
        except psycopg.OperationalError as error:
            print(f"PostgreSQL at {url.rpartition('@')[2]}: {error}".strip(), file=sys.stderr)
            continue
        if row and row[0]:
            return url
        print("PostgreSQL: this user may not create databases", file=sys.stderr)
    return None


# Nothing of the developer's own instance reaches a test.
for name in [name for name in os.environ if name.startswith("WAYHOME_")]:
    if not name.startswith("WAYHOME_TEST_") and name != "WAYHOME_REQUIRE_SERVICES":
        del os.environ[name]
# Most tests sign in to see something else; those of signing in ask for both factors.
os.environ["WAYHOME_SECOND_FACTOR"] = "optional"
os.environ["WAYHOME_DATA_DIR"] = tempfile.mkdtemp(prefix="wayhome-test-")
if DATABASE == "postgres":
    found = _postgres_url()
    if found is None:
        print("PostgreSQL is not to be had: the tests on it are skipped.", file=sys.stderr)
        print("Set WAYHOME_TEST_POSTGRES_URL to a server that may be used.", file=sys.stderr)
        os._exit(1 if REQUIRE else 0)
    os.environ["WAYHOME_DATABASE_URL"] = found
