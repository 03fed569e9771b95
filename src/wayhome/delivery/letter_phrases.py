"""The words of letters that carry links, and around officers' requests, in the languages offered.

The rendering adds the signature, and the mark of an exercise.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class LetterPhrases:
    """``neutral_*``: for an address that others may read; it says nothing of what it is about."""

    link_subject: str
    link_text: str
    neutral_subject: str
    neutral_link_text: str
    not_asked: str
    request_subject: str
    answer_here: str


_ENGLISH = LetterPhrases(
    link_subject="Your link to your trips",
    link_text="Here is your link. It opens your trips: change them, answer us, see who looked."
    " Whoever has it can do so: keep it like a key, and do not forward it.",
    neutral_subject="A message for you",
    neutral_link_text="Open this link; it is meant for you alone:",
    not_asked="If you did not ask for this, you need do nothing.",
    request_subject="An officer asks you to answer",
    answer_here="You can answer on your own page. If you have lost its link, ask for it here:",
)
_FRENCH = LetterPhrases(
    link_subject="Votre lien vers vos voyages",
    link_text="Voici votre lien. Il ouvre vos voyages : modifiez-les, répondez-nous, voyez qui les"
    " a consultés. Quiconque le détient peut le faire : gardez-le comme une clé, ne le transmettez"
    " pas.",
    neutral_subject="Un message pour vous",
    neutral_link_text="Ouvrez ce lien ; il est destiné à vous seul :",
    not_asked="Si vous ne l’avez pas demandé, vous n’avez rien à faire.",
    request_subject="Un agent vous demande de répondre",
    answer_here="Vous pouvez répondre sur votre propre page. Si vous en avez perdu le lien,"
    " demandez-le ici :",
)
_SPANISH = LetterPhrases(
    link_subject="Su enlace a sus viajes",
    link_text="Este es su enlace. Abre sus viajes: cámbielos, respóndanos, vea quién los ha"
    " consultado. Quien lo tenga puede hacerlo: guárdelo como una llave y no lo reenvíe.",
    neutral_subject="Un mensaje para usted",
    neutral_link_text="Abra este enlace; es solo para usted:",
    not_asked="Si no lo ha pedido, no tiene que hacer nada.",
    request_subject="Un funcionario le pide que responda",
    answer_here="Puede responder en su propia página. Si ha perdido el enlace, pídalo aquí:",
)
_ARABIC = LetterPhrases(
    link_subject="رابط رحلاتك",
    link_text="هذا رابطك. يفتح رحلاتك: غيّرها، أجبنا، واعرف من اطّلع عليها. من يملكه يستطيع ذلك:"
    " احفظه كالمفتاح ولا تعد توجيهه.",
    neutral_subject="رسالة لك",
    neutral_link_text="افتح هذا الرابط، فهو لك وحدك:",
    not_asked="إن لم تطلب هذا فلا يلزمك فعل شيء.",
    request_subject="موظف يطلب منك الإجابة",
    answer_here="يمكنك الإجابة في صفحتك. إن فقدت رابطها فاطلبه هنا:",
)
_BY_LANGUAGE = {"en": _ENGLISH, "fr": _FRENCH, "es": _SPANISH, "ar": _ARABIC}


def letter_phrases(language: str) -> LetterPhrases:
    """The phrases of ``language``, English where there are none."""
    return _BY_LANGUAGE.get(language, _ENGLISH)
