"""The fixed words around an issue's text, in the languages offered. Nothing is concatenated."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Phrases:
    exercise: str
    update: str
    cancel: str
    neutral_subject: str
    what_to_do: str
    source: str
    until: str
    about: str
    answer_here: str
    read_here: str
    read_public: str
    signed: str


_ENGLISH = Phrases(
    exercise="EXERCISE – this is a drill",
    update="Update",
    cancel="Cancelled",
    neutral_subject="A message for you",
    what_to_do="What to do:",
    source="Source: {source}",
    until="Holds until {until}.",
    about="About: {people}",
    answer_here="Please tell us how you are. The link is for you alone; do not forward it:",
    read_here="Open this link, meant for you alone, to read it:",
    read_public="Read here what is in force:",
    signed="{sender}. We never ask for money or a password.",
)
_FRENCH = Phrases(
    exercise="EXERCICE – ceci est un entraînement",
    update="Mise à jour",
    cancel="Annulé",
    neutral_subject="Un message pour vous",
    what_to_do="Ce qu’il faut faire :",
    source="Source : {source}",
    until="Valable jusqu’au {until}.",
    about="Concerne : {people}",
    answer_here="Dites-nous comment vous allez. Ce lien est à vous seul, ne le transmettez pas :",
    read_here="Ouvrez ce lien, destiné à vous seul, pour le lire :",
    read_public="Lisez ici ce qui est en vigueur :",
    signed="{sender}. Nous ne demandons jamais d’argent ni de mot de passe.",
)
_SPANISH = Phrases(
    exercise="EJERCICIO – esto es un simulacro",
    update="Actualización",
    cancel="Anulado",
    neutral_subject="Un mensaje para usted",
    what_to_do="Qué hacer:",
    source="Fuente: {source}",
    until="Válido hasta el {until}.",
    about="Se refiere a: {people}",
    answer_here="Díganos cómo está. El enlace es solo para usted; no lo reenvíe:",
    read_here="Abra este enlace, solo para usted, para leerlo:",
    read_public="Lea aquí lo que está en vigor:",
    signed="{sender}. Nunca pedimos dinero ni contraseñas.",
)
_ARABIC = Phrases(
    exercise="تمرين – هذا تدريب فقط",
    update="تحديث",
    cancel="أُلغي",
    neutral_subject="رسالة لك",
    what_to_do="ما يجب فعله:",
    source="المصدر: {source}",
    until="سارٍ حتى {until}.",
    about="بخصوص: {people}",
    answer_here="أخبرنا كيف حالك. هذا الرابط لك وحدك؛ لا تعد توجيهه:",
    read_here="افتح هذا الرابط المخصص لك وحدك لقراءتها:",
    read_public="اقرأ هنا ما هو سارٍ:",
    signed="{sender}. لا نطلب المال أو كلمة المرور أبدًا.",
)
_BY_LANGUAGE = {"en": _ENGLISH, "fr": _FRENCH, "es": _SPANISH, "ar": _ARABIC}


def phrases(language: str) -> Phrases:
    """The phrases of ``language``, English where there are none."""
    return _BY_LANGUAGE.get(language, _ENGLISH)
