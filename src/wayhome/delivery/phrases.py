"""The fixed words around an issue's text, in the languages offered. Nothing is concatenated."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Phrases:
    language: str
    comma: str  # between names
    exercise: str
    update: str
    cancel: str
    neutral_subject: str
    what_to_do: str
    source: str
    until: str
    about: str
    answer_here: str
    answer: str  # on the button
    read_here: str
    read: str
    read_public: str
    read_public_short: str
    watching: str
    stop_watching: str
    signed: str


_ENGLISH = Phrases(
    language="en",
    comma=", ",
    exercise="EXERCISE – this is a drill",
    update="Update: {headline}",
    cancel="Cancelled: {headline}",
    neutral_subject="A message for you",
    what_to_do="What to do:",
    source="Source: {source}",
    until="Holds until {until}.",
    about="About: {people}",
    answer_here="Please tell us how you are. The link is for you alone; do not forward it:",
    answer="Tell us how you are",
    read_here="Open this link, meant for you alone, to read it:",
    read="Read the message",
    read_public="Read here what is in force:",
    read_public_short="What is in force",
    watching="{people}: you get this because you watch a place there. To stop watching it:",
    stop_watching="Stop watching",
    signed="{sender}. We never ask for money or a password.",
)
_FRENCH = Phrases(
    language="fr",
    comma=", ",
    exercise="EXERCICE – ceci est un entraînement",
    update="Mise à jour : {headline}",
    cancel="Annulé : {headline}",
    neutral_subject="Un message pour vous",
    what_to_do="Ce qu’il faut faire :",
    source="Source : {source}",
    until="Valable jusqu’au {until}.",
    about="Concerne : {people}",
    answer_here="Dites-nous comment vous allez. Ce lien est à vous seul, ne le transmettez pas :",
    answer="Dire comment je vais",
    read_here="Ouvrez ce lien, destiné à vous seul, pour le lire :",
    read="Lire le message",
    read_public="Lisez ici ce qui est en vigueur :",
    read_public_short="Ce qui est en vigueur",
    watching=(
        "{people} : vous recevez ceci parce que vous suivez un lieu de cette région."
        " Pour ne plus le suivre :"
    ),
    stop_watching="Ne plus suivre",
    signed="{sender}. Nous ne demandons jamais d’argent ni de mot de passe.",
)
_SPANISH = Phrases(
    language="es",
    comma=", ",
    exercise="EJERCICIO – esto es un simulacro",
    update="Actualización: {headline}",
    cancel="Anulado: {headline}",
    neutral_subject="Un mensaje para usted",
    what_to_do="Qué hacer:",
    source="Fuente: {source}",
    until="Válido hasta el {until}.",
    about="Se refiere a: {people}",
    answer_here="Díganos cómo está. El enlace es solo para usted; no lo reenvíe:",
    answer="Decir cómo estoy",
    read_here="Abra este enlace, solo para usted, para leerlo:",
    read="Leer el mensaje",
    read_public="Lea aquí lo que está en vigor:",
    read_public_short="Lo que está en vigor",
    watching=("{people}: recibe esto porque sigue un lugar de esa región. Para dejar de seguirlo:"),
    stop_watching="Dejar de seguir",
    signed="{sender}. Nunca pedimos dinero ni contraseñas.",
)
_ARABIC = Phrases(
    language="ar",
    comma="، ",
    exercise="تمرين – هذا تدريب فقط",
    update="تحديث: {headline}",
    cancel="أُلغي: {headline}",
    neutral_subject="رسالة لك",
    what_to_do="ما يجب فعله:",
    source="المصدر: {source}",
    until="سارٍ حتى {until}.",
    about="بخصوص: {people}",
    answer_here="أخبرنا كيف حالك. هذا الرابط لك وحدك؛ لا تعد توجيهه:",
    answer="أخبرنا كيف حالك",
    read_here="افتح هذا الرابط المخصص لك وحدك لقراءتها:",
    read="اقرأ الرسالة",
    read_public="اقرأ هنا ما هو سارٍ:",
    read_public_short="ما هو سارٍ الآن",
    watching="{people}: تصلك هذه الرسالة لأنك تتابع مكانًا هناك. لإيقاف المتابعة:",
    stop_watching="أوقف المتابعة",
    signed="{sender}. لا نطلب المال أو كلمة المرور أبدًا.",
)
_BY_LANGUAGE = {"en": _ENGLISH, "fr": _FRENCH, "es": _SPANISH, "ar": _ARABIC}


def phrases(language: str) -> Phrases:
    """The phrases of ``language``, English where there are none."""
    return _BY_LANGUAGE.get(language, _ENGLISH)
