"""A mapping to begin with, by the names that registers in several languages give their columns."""

import json
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from wayhome.places.folding import fold
from wayhome.problems import Problem
from wayhome.trips.imports.mapping import FIELDS, IGNORE, Mapping, read_day
from wayhome.trips.imports.reading import Layout, guess, header, rows

_SAMPLE = 200
_WORDS = {
    "reference": "reference|ref|id|registration number|registration no|case number|file number|"
    "traveller id|person id|student number|employee number|matricule|numero|numero de dossier|"
    "nummer|aktenzeichen|matrikelnummer|personalnummer|referenz|expediente|numero de registro|"
    "numero di registrazione|matricola|rif|processo|numero de inscricao|номер|رقم|رقم التسجيل",
    "party": "party|group|family|household|booking|booking reference|pnr|groupe|famille|dossier|"
    "gruppe|familie|buchung|grupo|familia|reserva|gruppo|famiglia|prenotazione|группа|عائلة|مجموعة",
    "name": "name|full name|passenger|passenger name|traveller|traveler|nom complet|nom et prenom|"
    "voyageur|vollstandiger name|reisender|nombre completo|nombre y apellidos|viajero|"
    "nome completo|nome e cognome|viaggiatore|фио|имя и фамилия|الاسم|الاسم الكامل",
    "last_first": "surname first name|last name first name|name vorname|nachname vorname|"
    "nom prenom|apellidos nombre|cognome nome|фамилия имя",
    "given_name": "first name|given name|given names|forename|prenom|prenoms|vorname|vornamen|"
    "nombre|nombres|nome|имя|الاسم الاول",
    "family_name": "last name|surname|family name|nom|nom de famille|nachname|familienname|"
    "zuname|apellido|apellidos|cognome|sobrenome|apelido|фамилия|اسم العائلة|اللقب",
    "minor": "minor|child|is minor|under 18|mineur|enfant|minderjahrig|kind|menor|nino|"
    "minore|minorenne|crianca|ребенок|قاصر|طفل",
    "mail": "mail|e mail|email|email address|e mail address|courriel|adresse mail|mel|"
    "adresse electronique|e mail adresse|correo|correo electronico|posta elettronica|"
    "indirizzo e mail|correio eletronico|почта|электронная почта|البريد الالكتروني",
    "phone": "phone|telephone|mobile|mobile phone|cell|cell phone|phone number|mobile number|"
    "portable|tel|numero de telephone|telefon|handy|mobiltelefon|rufnummer|telefono|movil|"
    "celular|cellulare|telefone|telemovel|телефон|هاتف|رقم الهاتف|الجوال",
    "language": "language|preferred language|langue|sprache|idioma|lingua|язык|اللغة",
    "country": "country|country of stay|destination country|pays|pays de destination|land|"
    "reiseland|zielland|pais|pais de destino|paese|paese di destinazione|страна|البلد|الدولة",
    "place": "place|city|town|destination|location|place of stay|ville|lieu|lieu de sejour|ort|"
    "stadt|aufenthaltsort|reiseziel|ciudad|lugar|destino|citta|luogo|destinazione|cidade|local|"
    "город|место|المدينة|المكان",
    "arrive": "arrive|arrival|arrival date|from|start|start date|date from|begin|check in|"
    "date d arrivee|arrivee|du|debut|ankunft|anreise|von|beginn|ankunftsdatum|llegada|"
    "fecha de llegada|desde|inicio|arrivo|data di arrivo|dal|chegada|data de chegada|"
    "дата прибытия|прибытие|تاريخ الوصول|الوصول|من",
    "depart": "depart|departure|departure date|to|until|end|end date|date to|check out|"
    "date de depart|au|fin|abreise|bis|ende|abreisedatum|salida|fecha de salida|hasta|"
    "partenza|data di partenza|al|partida|data de partida|дата отъезда|отъезд|"
    "تاريخ المغادرة|المغادرة|الى",
    "verified": "verified|verified on|address verified|verifie|verifie le|bestatigt|geprueft|"
    "verificado|verificato|проверен|تم التحقق",
    "emergency_mail": "emergency mail|emergency email|emergency contact email|"
    "courriel d urgence|notfall e mail|correo de emergencia",
    "emergency_phone": "emergency phone|emergency contact phone|emergency number|"
    "telephone d urgence|notfallnummer|notfalltelefon|telefono de emergencia|"
    "telefono di emergenza",
}


def _folded(text: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in fold(text)).split())


_FIELDS = {_folded(word): name for name, words in _WORDS.items() for word in words.split("|")} | {
    name.replace("_", " "): name for name in FIELDS
}


def suggest(path: Path) -> str:
    """A mapping file (TOML) for a list, with what must still be decided said in it."""
    layout = guess(path)
    columns = header(path, layout)
    if not any(columns.names):
        raise Problem("file", "has no header", "give its columns names in the first row")
    sample = [row.cells for row in islice(rows(path, layout, columns), _SAMPLE)]
    fields = _fields(columns.names)
    return "\n".join([*_head(layout), *_columns(columns.names, fields), *_read(fields, sample), ""])


def _fields(names: list[str]) -> list[str]:
    """A field for each column, empty where none is known or another column has it."""
    found: list[str] = []
    for name in names:
        folded = _folded(name)
        field = _FIELDS.get(folded, "")
        words, digits = folded.rstrip("0123456789 "), folded[len(folded.rstrip("0123456789")) :]
        if not field and digits and int(digits) in range(1, 41):
            base = _FIELDS.get(words, "")
            if base in ("place", "country", "arrive", "depart"):
                field = f"{base}{int(digits)}"
        found.append("" if field in found else field)
    if "given_name" not in found:  # "Nom" alone is the whole name
        found = ["name" if name == "family_name" else name for name in found]
    return found


def _head(layout: Layout) -> list[str]:
    encoding = "utf-8" if layout.encoding == "utf-8-sig" else layout.encoding
    return [
        "# A suggestion: read it before you use it.",
        "[file]",
        f"encoding = {_quoted(encoding)}",
        f"delimiter = {_quoted(layout.delimiter)}",
        f"header_row = {layout.header_row}",
        "",
    ]


def _columns(names: list[str], fields: list[str]) -> list[str]:
    lines = ["[columns]"]
    for name, field in zip(names, fields, strict=True):
        note = "" if field else "  # not known: name its field, or let it be ignored"
        lines.append(f"{_quoted(name)} = {_quoted(field or IGNORE)}{note}")
    has = {field.rstrip("0123456789") for field in fields}
    missing = [name for name in ("arrive",) if name not in has]
    if not has & {"name", "given_name", "family_name", "last_first"}:
        missing.insert(0, "name")
    if not has & {"place", "country"}:
        missing.append("place")
    lines += [f"# {name} is needed, and no column is known for it" for name in missing]
    return [*lines, "", "[constants]", '# country = "IQ"', '# language = "en"', ""]


def _read(fields: list[str], sample: list[list[str]]) -> list[str]:
    cells = [
        row[place].strip()
        for place, name in enumerate(fields)
        if name.rstrip("0123456789") in ("arrive", "depart", "verified")
        for row in sample
        if row[place].strip()
    ]
    orders = _orders(cells) or ["year first"]
    note = ""
    if len(orders) > 1:
        note = f"  # or {_quoted(orders[1])}: the days of the list leave it open"
    elif not _orders(cells):
        note = "  # no order fits all days of the list: look at them"
    words = sorted(
        {row[place].strip().lower() for place, name in enumerate(fields) if name == "minor"
         for row in sample}
        - Mapping().yes - Mapping().no
    )  # fmt: skip
    lines = ["[read]", f"dates = {_quoted(orders[0])}{note}"]
    if words:
        shown = ", ".join(_quoted(word) for word in words[:10])
        lines.append(f"# these words say yes or no; sort them: {shown}")
    return [*lines, "yes = []", "no = []"]


def _orders(cells: Iterable[str]) -> list[str]:
    """Orders in which all of these are days."""
    cells = list(cells)
    return [
        order
        for order in ("year first", "day first", "month first")
        if cells and all(read_day(Mapping(dates=order), cell) for cell in cells)
    ]


def _quoted(text: str) -> str:
    """A TOML basic string: JSON's escapes are its own."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
