"""The index that names are found by, in hand-written SQL: one meaning on both databases.

A text is indexed by the codes of its *grams*: runs of one, two and three characters of each word,
with the blanks about it, the beginning of the whole name, and all its words in order. On
PostgreSQL they are an array under a GIN index, on SQLite the tokens of a contentless FTS5 table.
Own grams, because both databases' trigrams find no fragment of one or two characters (a whole
Chinese name), and ``pg_trgm`` none in any script but Latin where the database's locale is C, and
needs a role that may create extensions. Codes are checksums: every hit is held against the text.
"""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from django.db import connection

CHUNK = 500

_CREATE_SQLITE = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS name_gram USING fts5"
    "(codes, content='', columnsize=0, detail=none, tokenize='ascii')"
)
_CREATE_POSTGRES = (
    "ALTER TABLE name_key ADD COLUMN IF NOT EXISTS grams int[] NOT NULL DEFAULT '{}'",
    "CREATE INDEX IF NOT EXISTS name_key_grams ON name_key USING gin (grams)",
)


def create() -> bool:
    """Make what the index needs where it is not there; False where this SQLite has no FTS5, and
    names are found by reading them all."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for statement in _CREATE_POSTGRES:
                cursor.execute(statement)
            return True
        cursor.execute("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'")
        if cursor.fetchone() is None:
            return False
        cursor.execute(_CREATE_SQLITE)
    return True


def is_indexed() -> bool:
    """Whether names are found by index here."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT to_regclass('name_key_grams') IS NOT NULL")
            return bool(cursor.fetchone()[0])
        cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'name_gram'")
        return cursor.fetchone() is not None


def code(gram: str) -> int:
    """A checksum of a gram, 31 bits."""
    return zlib.crc32(gram.encode()) & 0x7FFFFFFF


@lru_cache(maxsize=100_000)
def _of_word(word: str) -> tuple[int, ...]:
    padded = f" {word} "
    grams = set(word)
    for size in (2, 3):
        grams |= {padded[i : i + size] for i in range(len(padded) - size + 1)}
    return tuple(sorted(map(code, grams)))


def beginning(words: str) -> list[str]:
    """Grams of how a whole name begins."""
    return [f"^{words[:size]}" for size in (1, 2, 3)[: len(words)]]


def whole(words: str) -> str:
    """The gram of a whole name, its words in any order."""
    return "=" + " ".join(sorted(words.split()))


def codes(text: str) -> list[int]:
    """The codes of all grams of a text of ``NameKey``, sorted."""
    found: set[int] = set()
    for spelling in filter(None, map(str.strip, text.split("\n"))):
        for word in spelling.split():
            found.update(_of_word(word))
        found.update(map(code, [*beginning(spelling), whole(spelling)]))
    return sorted(found)


def fragment_codes(fragment: str) -> set[int]:
    """Codes that every text with this fragment of a word has; a blank stands for a word's end."""
    if len(fragment) <= 3:
        return {code(fragment)}
    return {code(fragment[i : i + 3]) for i in range(len(fragment) - 2)}


def write(texts: Mapping[int, str]) -> int:
    """Set the texts of these travellers; an empty one is taken out. Returns how many changed."""
    changed = 0
    ids = sorted(texts)
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        before = stored(part)
        new = {each: texts[each] for each in part if texts[each] != before.get(each, "")}
        if new:
            _replace(new, {each: before[each] for each in new if each in before})
        changed += len(new)
    return changed


def add(texts: Mapping[int, str]) -> None:
    """The same for travellers who have none."""
    ids = sorted(texts)
    for start in range(0, len(ids), CHUNK):
        _replace({each: texts[each] for each in ids[start : start + CHUNK]}, {})


def stored(traveller_ids: Sequence[int]) -> dict[int, str]:
    """The texts that are kept of these travellers."""
    if not traveller_ids:
        return {}
    marks = ", ".join(["%s"] * len(traveller_ids))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT traveller_id, text FROM name_key WHERE traveller_id IN ({marks})",
            list(traveller_ids),
        )
        return dict(cursor.fetchall())


def _replace(new: Mapping[int, str], before: Mapping[int, str]) -> None:
    gone = [each for each, text in new.items() if not text]
    kept = [(each, text) for each, text in new.items() if text]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            if gone:
                cursor.execute(
                    "DELETE FROM name_key WHERE traveller_id = ANY(%s::bigint[])", [gone]
                )
            if kept:
                rows = ", ".join(["(%s, %s, %s::int[])"] * len(kept))
                cursor.execute(
                    f"INSERT INTO name_key (traveller_id, text, grams) VALUES {rows}"
                    " ON CONFLICT (traveller_id) DO UPDATE"
                    " SET text = excluded.text, grams = excluded.grams",
                    [value for each, text in kept for value in (each, text, _array(codes(text)))],
                )
            return
        if is_indexed():
            cursor.executemany(
                "INSERT INTO name_gram (name_gram, rowid, codes) VALUES ('delete', %s, %s)",
                [(each, _tokens(codes(text))) for each, text in before.items()],
            )
            cursor.executemany(
                "INSERT INTO name_gram (rowid, codes) VALUES (%s, %s)",
                [(each, _tokens(codes(text))) for each, text in kept],
            )
        cursor.executemany("DELETE FROM name_key WHERE traveller_id = %s", [[n] for n in gone])
        cursor.executemany(
            "INSERT INTO name_key (traveller_id, text) VALUES (%s, %s)"
            " ON CONFLICT (traveller_id) DO UPDATE SET text = excluded.text",
            kept,
        )


def find(wanted: Iterable[int], parts: Sequence[str], limit: int) -> list[tuple[int, str]]:
    """Up to ``limit`` (traveller, text) whose grams hold all ``wanted`` codes and whose text holds
    all ``parts``; which, where there are more, is not said."""
    held = sorted(set(wanted))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            tests = "".join(" AND strpos(text, %s) > 0" for _ in parts)
            cursor.execute(
                f"SELECT traveller_id, text FROM name_key WHERE grams @> %s::int[]{tests} LIMIT %s",
                [held, *parts, limit],
            )
        else:
            tests = " AND ".join(["1", *("instr(k.text, %s) > 0" for _ in parts)])
            if is_indexed():
                cursor.execute(
                    "SELECT k.traveller_id, k.text FROM name_gram g"
                    " CROSS JOIN name_key k ON k.traveller_id = g.rowid"
                    f" WHERE g.name_gram MATCH %s AND {tests} LIMIT %s",
                    [" AND ".join(_tokens([each]) for each in held), *parts, limit],
                )
            else:
                cursor.execute(
                    f"SELECT k.traveller_id, k.text FROM name_key k WHERE {tests} LIMIT %s",
                    [*parts, limit],
                )
        rows: list[tuple[int, str]] = cursor.fetchall()
    return rows


def merge(pages: int = 500) -> bool:
    """Take a step of leaving out what was deleted: FTS5 keeps it in old segments until they are
    merged. False where nothing is left to do."""
    if connection.vendor != "sqlite" or not is_indexed():
        return False  # vacuum does it
    with connection.cursor() as cursor:
        cursor.execute("SELECT total_changes()")
        before = cursor.fetchone()[0]
        cursor.execute("INSERT INTO name_gram (name_gram, rank) VALUES ('merge', %s)", [-pages])
        cursor.execute("SELECT total_changes()")
        return bool(cursor.fetchone()[0] - before >= 2)


def empty() -> None:
    """Forget the index and all that is in it; ``searching.rebuild`` writes it anew."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM name_key")
        if connection.vendor == "postgresql":
            cursor.execute("DROP INDEX IF EXISTS name_key_grams")  # filled faster without it
        elif is_indexed():
            cursor.execute("INSERT INTO name_gram (name_gram) VALUES ('delete-all')")


def _array(numbers: Iterable[int]) -> str:
    """As PostgreSQL reads one; a list would be adapted number by number."""
    return "{" + ",".join(map(str, numbers)) + "}"


@lru_cache(maxsize=200_000)
def _token(number: int) -> str:
    return f"x{number:x}"


def _tokens(numbers: Iterable[int]) -> str:
    return " ".join(map(_token, numbers))
