"""Letters of languages in the order of their frequency, by which an encoding is recognised.

Frequencies of letters follow Zipf's law: the r-th most frequent has a probability proportional to
1 / (r + 3). The letters of a language beyond its list share what is left.

References
----------
Da (2004), "Modern Chinese character frequency list". Zipf (1949), "Human Behavior and the Principle
of Least Effort".
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["ASCII", "LANGUAGES", "LATIN", "Language", "log_likelihood"]

ASCII = math.log(1 / 30)
"""Logarithm of the probability of an ASCII character, the same in all languages."""
_PUNCTUATION = math.log(1e-4)
_STRANGE = math.log(1e-7)
_CAPITAL = 0.1
_SELDOM = math.log(1e-5)
_LISTED, _COMMON, _RARE = 0.8, 0.19, 0.001
"""Shares of the listed letters in a text, of others in common use, and of the rest."""
_WIDE = [chr(code) for code in range(0xFF10, 0xFFA0)]
"""Full-width Latin letters and half-width kana, as Japanese computers wrote them."""
_SIGNS = frozenset("“”‘’„«»–—…€£§°·²³±×½µ№†•¿¡ºª、。，（）：；「」·～％")


@dataclass(frozen=True)
class Language:
    """Letters by frequency, and the others: their range, and which are in common use.

    Common are those whose first byte in a national standard is in the rows of level 1.
    """

    letters: str
    others: tuple[str, str] = ("\u00c0", "\u017f")
    standard: str = ""
    last_row: int = 0xFF


_CHINESE = Language(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道"
    "行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意"
    "无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什"
    "二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义"
    "各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金"
    "指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求"
    "据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运男上京广州深圳津庆杭武汉苏省县号型是否"
    "未良差优红绿蓝黄黑李刘陈杨赵吴周徐孙江湖河宁龙福云贵川湾港澳编码地址姓性别价销售单元店城镇村街",
    ("\u4e00", "\u9fff"),
    "gb2312",
    0xD7,
)
_TRADITIONAL = Language(
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道"
    "行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日軍者意"
    "無力它與長把機十民第公此已工使情明性知全三又關點正業外將兩高間由問很最重並物手應戰向頭文體政美相見被利什"
    "台灣臺北新竹苗栗彰化南投雲林嘉義屏東花蓮基隆桃園市縣區鄉鎮男女是否陳黃張李王吳劉蔡楊許鄭謝號價",
    ("\u4e00", "\u9fff"),
    "big5",
    0xC6,
)
_KOREAN = Language(
    "이다는에의가을로하고지한은기사도리를서자그대인시어나해니아정라원만일수전부제보스과들장있국성상비면조주동여"
    "게구공요오입습거안관연위생분유신경문무선세중회방년소간용남학모드트심치진마적화더되없것했었물질체할같미현계"
    "산우개운영때행발내식살결당려레많울북강광천역양평포최박김황임송권손윤허정강조장신오한류홍전고양백노하배명함"
    "바누터각단음반업재등출점금색초불복육군실태형설근건각종호름별번품격매량판점녀직급날짜월와까께님씨네예아니요",
    ("\uac00", "\ud7a3"),
    "euc_kr",
)
_JAPANESE = Language(
    "のにたいをはしてがとるなでれかっもすらさこりまきくあけどんうよそつンースルトラリクアイドッレタシフロマメジコ"
    "日一大年人中会本東京時出国上分生行事自者社地業方新場員立開学問代明動力理体回月田山川子小高名市区県都府男女"
    "えわめせほやみおねちふむびじばごずだげざべぶぎひへぐゆょゅゃバプグキテセサカムオデパニナビダウエハチボズブノ"
    "ミペネモベゲソピポケヤホ佐藤鈴木橋村阪神奈島福岡北海道千葉埼玉静良佳不可未番号種類色赤青黒白円価格店",
    ("\u3041", "\u9fff"),
    "shift_jis",
    0x98,
)
_CYRILLIC = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"

LANGUAGES: Mapping[str, tuple[Language, ...]] = {
    "Western": (
        Language("éàèêçâîôùûëïœ"),
        Language("üäöß"),
        Language("áíóñéúãçõêâü"),
        Language("åäöøæé"),
        Language("éáíóüäöèñàçãêúôåøæâïëìòùîûõœðþýÿ"),
        Language("’“”–€£°é‘…—½²³µ×±"),
    ),
    "Central European": (
        Language("ąęółśżćńź"),
        Language("áíéěýřčšžůúňťďó"),
        Language("áéöóíőüúű"),
        Language("ăîâșțşţ"),
        Language("šžčćđ"),
    ),
    "Turkish": (Language("ıüşçğöİâî"),),
    "Baltic": (Language("āīšēņūļžčķģ"), Language("ėšžųčūįąę"), Language("äõüöšž")),
    "Cyrillic": (Language(_CYRILLIC + "іїєґў", ("\u0400", "\u045f")),),
    "Greek": (
        Language("αοιετσνηυρπκμλωςδγχθφβξζψάόίέήύώ", ("\u0386", "\u03ce")),
    ),
    "Hebrew": (Language("יוהלאתרמבשנםדקעחפכגצטזסןץףך", ("\u05d0", "\u05ea")),),
    "Arabic": (Language("اليمونترةبهدسعفكأحقجشطصزخىضغذئءثإظ", ("\u0621", "\u064a")),),
    "Thai": (Language("านรอกเงมยลวดทสตะปบคหแจพชขใไโผ่้็ัิีืุู์", ("\u0e01", "\u0e5b")),),
    "Chinese": (_CHINESE,),
    "Traditional Chinese": (_TRADITIONAL,),
    "Korean": (_KOREAN,),
    "Japanese": (_JAPANESE,),
}  # fmt: skip
LATIN = ("Western", "Central European", "Turkish", "Baltic")


def log_likelihood(counts: Mapping[str, int], name: str) -> float:
    """Return the logarithm of the probability of non-ASCII characters, by the best language."""
    return max(
        sum(count * table.get(character, _STRANGE) for character, count in counts.items())
        for table in _tables(name)
    )


@functools.cache
def _tables(name: str) -> tuple[dict[str, float], ...]:
    return tuple(_table(language) for language in LANGUAGES[name])


def _table(language: Language) -> dict[str, float]:
    """Return the logarithm of the probability of each letter and sign of a language."""
    letters = list(dict.fromkeys(language.letters))
    total = sum(1 / (rank + 3) for rank in range(len(letters)))
    first, last = map(ord, language.others)
    common = [_is_common(chr(code), language) for code in range(first, last + 1)]
    share = {True: _COMMON / max(sum(common), 1), False: _RARE / max(common.count(False), 1)}
    table = {chr(first + i): math.log(share[each]) for i, each in enumerate(common)}
    table |= dict.fromkeys(_SIGNS, _PUNCTUATION) | dict.fromkeys(_WIDE, _SELDOM)
    for rank, letter in enumerate(letters):
        probability = _LISTED / (rank + 3) / total
        table[letter] = math.log(probability)
        if letter.upper() != letter and len(letter.upper()) == 1:
            table[letter.upper()] = math.log(_CAPITAL * probability)
    return table


def _is_common(letter: str, language: Language) -> bool:
    if not language.standard:
        return False
    try:
        return letter.encode(language.standard)[0] <= language.last_row
    except UnicodeEncodeError:
        return False
