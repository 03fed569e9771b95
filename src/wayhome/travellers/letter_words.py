"""The words of letters that this room and trips owe, in the languages offered.

Rendering adds the signature, and the mark of an exercise.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class LetterWords:
    """``neutral_*``: for an address that others may read; ``kinds``: who entered somebody, by door;
    ``still_*``: whether what is written of stays holds, by occasion."""

    neutral_subject: str
    neutral_link: str
    code_subject: str
    address_given: str
    entered_by_other: str
    code: str
    or_link: str
    not_you: str
    entered_subject: str
    you_were_entered: str
    kinds: dict[str, str]
    new_link_subject: str
    new_link: str
    still_subject: str
    still_before: str
    still_during: str
    still_after: str
    one_tap: str


_ENGLISH = LetterWords(
    neutral_subject="A message for you",
    neutral_link="Open this link; it is meant for you alone:",
    code_subject="Confirm your address",
    address_given="Somebody has given us this address, to be warned here when something happens"
    " where they are. If it was you, confirm it.",
    entered_by_other="Somebody else has given us this address as that of a person whom they want"
    " us to warn. If that is you, confirm it; then you see what was said, and can change it or"
    " have it deleted.",
    code="Your code, for half an hour:",
    or_link="Or open this link and press the button; it holds for a day:",
    not_you="If it was not you, you need do nothing. Until it is confirmed, nothing personal is"
    " sent here.",
    entered_subject="You were entered with us",
    you_were_entered="On {day} {who} gave us your name and where you will be, so that we can warn"
    " and find you. Here is your page: see what was said, change it, or have it deleted. Whoever"
    " has this link can do so; do not forward it.",
    kinds={
        "relative": "somebody who says they are close to you",
        "organisation": "your organisation",
        "officer": "an officer of ours",
        "list": "another office",
    },
    new_link_subject="Your new link",
    new_link="Here is your new link. All links to your page before it"
    " open nothing any more. Keep it like a key:",
    still_subject="Is this still right?",
    still_before="What you told us of your journey begins soon. Is it still right?",
    still_during="You told us some time ago where you are. Are you still there?",
    still_after="By what you told us you should have left by now. Have you?",
    one_tap="One tap answers; the link is meant for you alone:",
)
_FRENCH = LetterWords(
    neutral_subject="Un message pour vous",
    neutral_link="Ouvrez ce lien ; il est destiné à vous seul :",
    code_subject="Confirmez votre adresse",
    address_given="Quelqu’un nous a donné cette adresse pour y être averti s’il se passe quelque"
    " chose là où il se trouve. Si c’était vous, confirmez-la.",
    entered_by_other="Une autre personne nous a donné cette adresse comme celle de quelqu’un que"
    " nous devons avertir. Si c’est vous, confirmez-la ; vous verrez alors ce qui a été dit, et"
    " pourrez le modifier ou le faire effacer.",
    code="Votre code, valable une demi-heure :",
    or_link="Ou ouvrez ce lien et appuyez sur le bouton ; il est valable un jour :",
    not_you="Si ce n’était pas vous, vous n’avez rien à faire. Tant que l’adresse n’est pas"
    " confirmée, rien de personnel n’y est envoyé.",
    entered_subject="Vous avez été inscrit chez nous",
    you_were_entered="Le {day}, {who} nous a donné votre nom et votre lieu de séjour, pour que"
    " nous puissions vous avertir et vous trouver. Voici votre page : voyez ce qui a été dit,"
    " modifiez-le ou faites-le effacer. Quiconque a ce lien peut le faire ; ne le transmettez pas.",
    kinds={
        "relative": "quelqu’un qui se dit proche de vous",
        "organisation": "votre organisation",
        "officer": "un de nos agents",
        "list": "un autre service",
    },
    new_link_subject="Votre nouveau lien",
    new_link="Voici votre nouveau lien. Les liens précédents vers votre page n’ouvrent"
    " plus rien. Gardez-le comme une clé :",
    still_subject="Est-ce encore exact ?",
    still_before="Le voyage que vous nous avez indiqué commence bientôt. Est-ce encore exact ?",
    still_during="Vous nous avez dit il y a quelque temps où vous êtes. Y êtes-vous encore ?",
    still_after="D’après vos indications, vous devriez être parti. Est-ce le cas ?",
    one_tap="Une seule pression suffit ; ce lien est destiné à vous seul :",
)
_SPANISH = LetterWords(
    neutral_subject="Un mensaje para usted",
    neutral_link="Abra este enlace; es solo para usted:",
    code_subject="Confirme su dirección",
    address_given="Alguien nos ha dado esta dirección para ser avisado aquí si ocurre algo donde"
    " se encuentra. Si fue usted, confírmela.",
    entered_by_other="Otra persona nos ha dado esta dirección como la de alguien a quien debemos"
    " avisar. Si es usted, confírmela; entonces verá lo que se dijo, y podrá cambiarlo o hacer que"
    " se borre.",
    code="Su código, válido media hora:",
    or_link="O abra este enlace y pulse el botón; es válido un día:",
    not_you="Si no fue usted, no tiene que hacer nada. Mientras no se confirme, aquí no se envía"
    " nada personal.",
    entered_subject="Le han inscrito con nosotros",
    you_were_entered="El {day}, {who} nos dio su nombre y dónde estará, para que podamos avisarle"
    " y encontrarle. Esta es su página: vea lo que se dijo, cámbielo o haga que se borre. Quien"
    " tenga este enlace puede hacerlo; no lo reenvíe.",
    kinds={
        "relative": "alguien que dice ser cercano a usted",
        "organisation": "su organización",
        "officer": "un funcionario nuestro",
        "list": "otra oficina",
    },
    new_link_subject="Su nuevo enlace",
    new_link="Este es su nuevo enlace. Los anteriores ya no abren nada. Guárdelo como una llave:",
    still_subject="¿Sigue siendo correcto?",
    still_before="El viaje que nos indicó empieza pronto. ¿Sigue siendo correcto?",
    still_during="Hace algún tiempo nos dijo dónde está. ¿Sigue allí?",
    still_after="Según lo que nos dijo, ya debería haberse ido. ¿Es así?",
    one_tap="Basta una pulsación; el enlace es solo para usted:",
)
_ARABIC = LetterWords(
    neutral_subject="رسالة لك",
    neutral_link="افتح هذا الرابط، فهو لك وحدك:",
    code_subject="أكّد عنوانك",
    address_given="أعطانا أحدهم هذا العنوان ليُحذَّر عليه إذا حدث شيء حيث هو. إن كنت أنت فأكّده.",
    entered_by_other="أعطانا شخص آخر هذا العنوان على أنه لشخص يريد أن نحذّره. إن كنت أنت فأكّده،"
    " فترى ما قيل ويمكنك تغييره أو طلب حذفه.",
    code="رمزك، صالح نصف ساعة:",
    or_link="أو افتح هذا الرابط واضغط الزر، وهو صالح يوماً:",
    not_you="إن لم تكن أنت فلا يلزمك فعل شيء. لا يُرسل إلى هنا أي شيء شخصي قبل التأكيد.",
    entered_subject="سُجّلت لدينا",
    you_were_entered="في {day} أعطانا {who} اسمك ومكان إقامتك كي نحذّرك ونجدك. هذه صفحتك: انظر ما"
    " قيل، غيّره أو اطلب حذفه. من يملك هذا الرابط يستطيع ذلك، فلا تعد توجيهه.",
    kinds={
        "relative": "شخص يقول إنه قريب منك",
        "organisation": "مؤسستك",
        "officer": "موظف لدينا",
        "list": "مكتب آخر",
    },
    new_link_subject="رابطك الجديد",
    new_link="هذا رابطك الجديد. لم تعد الروابط السابقة تفتح شيئاً. احفظه كالمفتاح:",
    still_subject="هل ما زال هذا صحيحاً؟",
    still_before="الرحلة التي أخبرتنا بها تبدأ قريباً. هل ما زال ذلك صحيحاً؟",
    still_during="أخبرتنا منذ مدة أين أنت. هل ما زلت هناك؟",
    still_after="بحسب ما أخبرتنا كان يجب أن تكون قد غادرت. هل غادرت؟",
    one_tap="ضغطة واحدة تكفي، والرابط لك وحدك:",
)
_BY_LANGUAGE = {"en": _ENGLISH, "fr": _FRENCH, "es": _SPANISH, "ar": _ARABIC}


def letter_words(language: str) -> LetterWords:
    """The words of ``language``, English where there are none."""
    return _BY_LANGUAGE.get(language, _ENGLISH)
