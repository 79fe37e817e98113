"""Encoding of a text file: a byte-order mark, UTF-8, UTF-16 by its NULs, or the likeliest other.

UTF-8 has a grammar that a text in another encoding hardly ever satisfies. All other bytes are read
in the encoding under which their letters are the likeliest, by the frequencies in `language`.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from typing import Any

from chainrule.arguments.checks import bad_argument
from chainrule.data.csv_file.language import ASCII, LATIN, log_likelihood
from chainrule.data.note import Note
from chainrule.errors import ArgumentError, FormatError

__all__ = ["checked_text", "decoded", "encoding_of"]

_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# Each with the logarithm of how common it is; an ISO encoding is part of that of Windows.
_CANDIDATES = (
    ("cp1252", "Western", 0.0),
    ("gb18030", "Chinese", -1.0),
    ("cp949", "Korean", -1.0),
    ("cp932", "Japanese", -1.0),
    ("cp1251", "Cyrillic", -1.0),
    ("cp950", "Traditional Chinese", -2.0),
    ("cp1250", "Central European", -2.0),
    ("cp1254", "Turkish", -2.0),
    ("cp1253", "Greek", -2.0),
    ("iso8859_2", "Central European", -3.0),
    ("cp1257", "Baltic", -3.0),
    ("cp1255", "Hebrew", -3.0),
    ("cp1256", "Arabic", -3.0),
    ("cp874", "Thai", -3.0),
    ("euc_jp", "Japanese", -3.0),
    ("koi8_r", "Cyrillic", -5.0),
    ("cp866", "Cyrillic", -7.0),
    ("iso8859_5", "Cyrillic", -9.0),
    ("mac_cyrillic", "Cyrillic", -9.0),
    ("mac_roman", "Western", -10.0),
    ("cp850", "Western", -12.0),
)
_SAMPLE = 30_000
"""Bytes of lines with letters beyond ASCII by which an encoding is chosen."""
_IMPLAUSIBLE = -11.0
"""Mean log-likelihood of a letter below which no encoding is taken for right."""
# In Latin script letters beyond ASCII are seldom adjacent; in others, seldom beside those of ASCII.
_LETTER = r"[^\W\d_a-zA-Z]"
_ADJACENT = re.compile(rf"{_LETTER}(?={_LETTER})")
_BESIDE_ASCII = re.compile(rf"[a-zA-Z](?={_LETTER})|{_LETTER}(?=[a-zA-Z])")
_UNUSUAL = -3.0
"""Logarithm of the probability of such a pair."""
_OVERRIDE = 'if letters come out wrong, pass encoding="..."'


def decoded(content: bytes, encoding: Any, title: str) -> tuple[str, list[Note]]:
    """Return the text of a file in a given or inferred encoding, and what was inferred."""
    if not isinstance(encoding, str):
        raise bad_argument("read_csv", "encoding", encoding, 'a name, such as "utf-8" or "cp1252"')
    if encoding.lower() == "auto":
        text, _, notes = _inferred(content, title)
        return text, notes
    return _given(content, encoding, title), []


def encoding_of(content: bytes, encoding: str, title: str) -> tuple[str, list[Note]]:
    """Return the encoding of a text by its beginning, and what was inferred."""
    if encoding.lower() == "auto":
        return _inferred(content, title)[1:]
    _given(content, encoding, title)
    return encoding, []


def checked_text(text: str, title: str) -> str:
    """Return a text without a byte-order mark; raise FormatError for one with NULs."""
    if "\0" in text:
        raise FormatError(
            f"{title}: no text: character {text.index(chr(0))} is NUL; if the file is UTF-16, pass "
            'encoding="utf-16-le" or "utf-16-be"'
        )
    return text.removeprefix("\ufeff")


def _given(content: bytes, encoding: str, title: str) -> str:
    try:
        is_plain = encoding.lower() in ("utf-8", "utf8")
        return content.decode("utf-8-sig" if is_plain else encoding)
    except UnicodeError as error:
        raise FormatError(
            f'{title}: not {encoding} text; leave encoding="auto" to have it recognised',
            getattr(error, "start", None),
        ) from None
    except (LookupError, ValueError):
        raise ArgumentError(
            f"read_csv: encoding is {encoding!r}, which Python does not know; try utf-8 or cp1252"
        ) from None


def _inferred(content: bytes, title: str) -> tuple[str, str, list[Note]]:
    """Return the text, its encoding, and what was inferred."""
    for mark, name in _MARKS.items():
        if content.startswith(mark):
            try:
                notes = [] if name == "utf-8" else [Note(f"it is {name}")]
                return content.decode(name), name, notes
            except UnicodeDecodeError as error:
                raise FormatError(
                    f"{title}: the file begins as {name} and is none; save it again as UTF-8",
                    error.start,
                ) from None
    if b"\0" in content:
        return _with_nuls(content, title)
    if b"\x1b$" in content and (text := _decoded(content, "iso2022_jp_2")) is not None:
        return text, "iso2022_jp_2", [Note("it is read as iso2022_jp")]
    try:
        return content.decode("utf-8"), "utf-8", []
    except UnicodeDecodeError as error:
        _refuse_damaged(content, error, title)
    return _likeliest(content, title)


def _with_nuls(content: bytes, title: str) -> tuple[str, str, list[Note]]:
    """Return the text of UTF-16 or UTF-32 without a mark: each ASCII character has NULs."""
    best, name = "", ""
    for each in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
        text = _decoded(content, each) or ""
        if _ascii_share(text) > max(_ascii_share(best), 0.1) and _is_text(text, content):
            best, name = text, each
    if not name:
        place = content.index(0)
        raise FormatError(
            f"{title}: no text: character {place} is NUL; pass a file of text, such as CSV", place
        )
    return best, name, [Note(f"it is {name}, without a byte-order mark")]


def _is_text(text: str, content: bytes) -> bool:
    # Each line end, delimiter and digit has NULs.
    return "\0" not in text and content.count(0) > 2


def _ascii_share(text: str) -> float:
    """Return the share of ASCII characters, of which any table has some."""
    sample = text[:_SAMPLE]
    plain = sum(" " <= each <= "~" or each in "\t\r\n" for each in sample)
    return plain / max(len(sample), 1)


def _decoded(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None


def _refuse_damaged(content: bytes, error: UnicodeDecodeError, title: str) -> None:
    """Refuse UTF-8 that is cut off, or has a few invalid bytes among many valid characters."""
    text = content.decode("utf-8", "ignore")
    valid = len(text.encode()) - sum(each < "\x80" for each in text)
    invalid = len(content) - len(text.encode())
    line = content.count(b"\n", 0, error.start) + 1
    if error.start >= len(content) - 3 and valid and error.reason == "unexpected end of data":
        raise FormatError(
            f"{title}: the file ends within a character; it is cut off: download or save it again",
            error.start,
        )
    if valid > 8 * invalid:
        raise FormatError(
            f"{title}: UTF-8 text with {invalid} invalid bytes, first in line {line}; correct "
            'them, or pass open(path, encoding="utf-8", errors="replace")',
            error.start,
        )


def _likeliest(content: bytes, title: str) -> tuple[str, str, list[Note]]:
    """Return the text in the encoding under which its letters are the likeliest."""
    sample = _sample(content)
    scored = sorted(
        (
            (_score(sample, encoding, language) + prior, encoding, language)
            for encoding, language, prior in _CANDIDATES
        ),
        reverse=True,
    )
    for score, encoding, language in scored:
        text = _decoded(content, encoding) if score > _IMPLAUSIBLE * len(sample) else None
        if text is not None:
            said = f"it is no UTF-8, and read as {encoding} ({language}), which fits its letters"
            return text, encoding, [Note(f"{said}; {_OVERRIDE}", is_guess=True)]
    raise FormatError(
        f"{title}: not UTF-8 text, nor in another encoding that its letters would fit; if it is "
        'text, save it as UTF-8, or pass encoding="...", such as cp1252 or gb18030'
    )


def _sample(content: bytes) -> bytes:
    """Return lines with bytes beyond ASCII; no character of these encodings has a line feed."""
    if len(content) <= _SAMPLE:
        return content
    lines: list[bytes] = []
    total = 0
    for line in content.split(b"\n"):
        if total < _SAMPLE and not line.isascii():
            lines.append(line)
            total += len(line)
    return b"\n".join(lines)


def _score(sample: bytes, encoding: str, language: str) -> float:
    text = _decoded(sample, encoding)
    if text is None:
        return -float("inf")
    counts = Counter(text)
    plain = sum(count for each, count in counts.items() if each < "\x80")
    beyond = {each: count for each, count in counts.items() if each >= "\x80"}
    pairs = (_BESIDE_ASCII if language not in LATIN else _ADJACENT).findall(text)
    return plain * ASCII + log_likelihood(beyond, language) + _UNUSUAL * len(pairs)
