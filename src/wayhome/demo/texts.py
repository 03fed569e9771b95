"""What the officers of the story write. All invented."""

from wayhome.bulletins.services import TextSaid

SOURCE = "Ministry of Foreign Affairs, Crisis Desk"
FIVE_PROVINCES = "Anbar, Nineveh, Salahuddin, Diyala and Tamim provinces, Iraq"

ADVISORY = (
    TextSaid(
        "en",
        "Limit travel in five provinces of Iraq",
        "Armed groups hold several cities in the north and west of Iraq, and the fighting may"
        " spread. This advice is for Anbar, Nineveh, Salah ad Din, Diyala and Kirkuk.",
        "Limit your travel there to what you cannot put off. Prepare two ways out and papers for"
        " everyone with you. Keep us informed of where you are.",
        "Our advice about five provinces of Iraq was published in error. Please disregard it.",
    ),
    TextSaid(
        "ar",
        "الحد من التنقل في خمس محافظات عراقية",
        "تسيطر جماعات مسلحة على عدة مدن في شمال العراق وغربه، وقد يتسع القتال.",
        "لا تتنقل إلا للضرورة. حضّر طريقين للخروج ووثائق كل من معك، وأبلغنا بمكانك.",
        "نُشرت نصيحتنا بشأن المحافظات الخمس خطأً. نرجو تجاهلها.",
    ),
)

MISTAKE = (
    TextSaid(
        "en",
        "Explosions reported in Basra",
        "We have word of explosions in the city this evening.",
        "Stay indoors, away from windows. Do not go to the site.",
        "Our warning about explosions in Basra this evening was a mistake: nothing of the kind is"
        " known there. You need not do anything. We are sorry for the alarm.",
    ),
)

WARNING = (
    TextSaid(
        "en",
        "Explosions in Baghdad: stay where you are",
        "Several bombs went off in Baghdad this morning and people were killed. More may follow"
        " today.",
        "Stay indoors and off the main roads until tomorrow morning. Tell us how you are by the"
        " link below. Our embassy is open for those who need help.",
        "Our warning about explosions in Baghdad was published in error. Please disregard it.",
    ),
    TextSaid(
        "fr",
        "Explosions à Bagdad : restez où vous êtes",
        "Plusieurs bombes ont explosé ce matin à Bagdad et ont fait des morts. D’autres"
        " explosions sont possibles aujourd’hui.",
        "Restez à l’intérieur, loin des grands axes, jusqu’à demain matin. Dites-nous comment"
        " vous allez par le lien ci-dessous.",
        "Notre avertissement sur Bagdad a été publié par erreur. Veuillez ne pas en tenir compte.",
    ),
    TextSaid(
        "ar",
        "انفجارات في بغداد: ابقَ حيث أنت",
        "انفجرت عدة قنابل في بغداد هذا الصباح وسقط قتلى، وقد تقع انفجارات أخرى اليوم.",
        "ابقَ في الداخل بعيدًا عن الطرق الرئيسية حتى صباح الغد، وأخبرنا بحالك عبر الرابط أدناه.",
        "نُشر تحذيرنا بشأن بغداد خطأً. نرجو تجاهله.",
    ),
)

UPDATE = (
    TextSaid(
        "en",
        "Baghdad: move only by day, and tell us where you are",
        "No new explosions since midday. Some of our staff are being moved to other places for"
        " now; the embassy stays open and its guard is stronger.",
        "You may move by day if you must. Seats on ordinary flights are still to be had: leave if"
        " you need not stay. Answer again by the link below, even if you did before.",
        "Our update about Baghdad was published in error. Please disregard it.",
    ),
)
