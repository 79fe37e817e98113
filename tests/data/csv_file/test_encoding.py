"""Encodings: recognised from the bytes, and a guess is told."""

import io
import warnings

import pytest

from chainrule.data import read_csv
from chainrule.errors import ChainruleWarning, FormatError

TEXTS = {
    "cp1252": (
        "nom,ville\nHélène,Besançon\nAndré,Orléans\n",
        "Name,Ort\nMüller,Köln\nWeiß,Fürth\n",
        "a,b\ncafé,1\nthe,2\n",
        "item,price\nbook,£5 each\nbag,£7.50 each\n",
        "t (°C),y\n5,1\n6,0\n",
        "name,y\nit’s “fine”,1\nprice 5€ – ok,2\n",
        "cidade,y\nSão Paulo,não\nBrasília,sim\n",
        "stad,y\nMalmö,ja\nTromsø,nej\n",
    ),
    "cp949": ("이름,b,y\n서울,1,no\n부산,2,yes\n", "성별,a\n남,1\n여,2\n"),
    "gbk": ("姓名,城市,是否\n张伟,北京,是\n王芳,上海,否\n", "性别,a\n男,1\n女,2\n"),
    "big5": ("姓名,城市,是否\n張偉,臺北,是\n王芳,高雄,否\n",),
    "cp932": ("名前,都市,y\n鈴木,東京,はい\n佐藤,大阪,いいえ\n", "商品,値段\nテレビ,1\n"),
    "euc_jp": ("名前,都市,y\n鈴木,東京,はい\n佐藤,大阪,いいえ\n",),
    "cp1251": ("город,y\nМосква,1\nКазань,0\n",),
    "koi8_r": ("имя,город,y\nИван,Москва,нет\nОльга,Казань,да\n",),
    "cp1250": ("miasto,y\nŁódź,tak\nGdańsk,nie\n", "jméno,y\nDvořák,ano\nČerný,ne\n"),
    "cp1254": ("şehir,y\nİstanbul,1\nMuğla,0\n",),
    "cp1253": ("πόλη,y\nΑθήνα,1\nΠάτρα,0\n",),
    "cp1255": ("עיר,y\nתל אביב,1\nחיפה,0\n",),
    "cp1256": ("مدينة,y\nالقاهرة,1\nبغداد,0\n",),
    "cp874": ("เมือง,y\nกรุงเทพ,1\nเชียงใหม่,0\n",),
}


@pytest.mark.parametrize("encoding", TEXTS)
def test_an_encoding_is_recognised_by_its_letters_and_told(encoding: str) -> None:
    for text in TEXTS[encoding]:
        with pytest.warns(ChainruleWarning, match=r'and read as .*pass encoding="'):
            columns = read_csv(io.BytesIO(text.encode(encoding)))
        assert list(columns) == text.splitlines()[0].split(",")
        rows = zip(*(map(str, cells.tolist()) for cells in columns.values()), strict=True)
        assert [",".join(row) for row in rows] == text.splitlines()[1:]


def test_a_long_file_has_the_encoding_of_its_parts() -> None:
    for encoding, texts in TEXTS.items():
        content = texts[0].encode(encoding) + b"plain,1,2\n".replace(b",2", b"") * 5000
        if texts[0].splitlines()[0].count(",") == 1:
            with pytest.warns(ChainruleWarning):
                assert list(read_csv(io.BytesIO(content))) == texts[0].splitlines()[0].split(",")


def test_utf_16_and_utf_32_need_neither_a_mark_nor_a_warning() -> None:
    texts = ("name,y\ncafé,1\n", "이름,y\n서울,1\n", "姓名,城市\n张伟,北京\n一一,上海\n")
    for text in texts:
        for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-8-sig"):
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                columns = read_csv(io.BytesIO(text.encode(encoding)))
            assert list(columns) == text.splitlines()[0].split(","), encoding


def test_an_encoding_that_is_given_is_used_and_not_warned_of() -> None:
    content = "name\nDvořák\n".encode("cp1250")
    assert read_csv(io.BytesIO(content), encoding="cp1250")["name"].tolist() == ["Dvořák"]
    assert read_csv(io.BytesIO(content), encoding="cp1252")["name"].tolist() == ["Dvoøák"]
    with pytest.raises(FormatError, match=r'not utf-8 text; leave encoding="auto"'):
        read_csv(io.BytesIO(content), encoding="utf-8")
