"""WAV files: every uncompressed format is read as by SciPy, and sizes are not trusted."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import wavfile

from chainrule.data import read_wav
from chainrule.errors import ArgumentError, ChainruleError, FormatError


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def form(code: int = 1, channels: int = 1, rate: int = 8000, bits: int = 16) -> bytes:
    frame = channels * bits // 8
    return struct.pack("<HHIIHH", code, channels, rate, rate * frame, frame, bits)


def riff(*chunks: bytes) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


GOOD = riff(chunk(b"fmt ", form()), chunk(b"data", b"\0\x40\0\x80"))


def read(content: bytes) -> tuple[np.ndarray, int]:
    return read_wav(io.BytesIO(content))


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("kind", ["uint8", "int16", "int32", "float32", "float64"])
def test_what_scipy_writes_is_read(tmp_path: Path, kind: str, channels: int) -> None:
    random = np.random.default_rng(channels)
    shape = (101,) if channels == 1 else (101, channels)
    if kind.startswith("float"):
        written = random.uniform(-1, 1, shape).astype(kind)
        expected = written.astype(np.float32)
    else:
        span = np.iinfo(kind)
        written = random.integers(span.min, span.max, shape, dtype=kind, endpoint=True)
        middle, half = (128, 128) if kind == "uint8" else (0, -span.min)
        expected = ((written.astype(float) - middle) / half).astype(np.float32)
    path = tmp_path / "sound.wav"
    wavfile.write(path, 44_100, written)
    signal, rate = read_wav(path)
    assert (rate, signal.dtype, signal.shape) == (44_100, np.float32, shape)
    np.testing.assert_array_equal(signal, expected)


def test_24_bits_and_the_extensible_format_are_read() -> None:
    samples = np.array([0, 1, -1, 2**23 - 1, -(2**23)])
    raw = b"".join(int(each).to_bytes(3, "little", signed=True) for each in samples)
    extended = form(0xFFFE, bits=24) + struct.pack("<HHIH", 22, 24, 0, 1) + b"\0" * 14
    for described in (form(bits=24), extended):
        signal, _ = read(riff(chunk(b"fmt ", described), chunk(b"data", raw)))
        np.testing.assert_array_equal(signal, (samples / 2**23).astype(np.float32))


def test_other_chunks_are_skipped_and_the_length_may_be_unknown() -> None:
    expected, _ = read(GOOD)
    tagged = riff(
        chunk(b"LIST", b"odd"), chunk(b"fmt ", form()), chunk(b"fact", b"1234"), GOOD[36:]
    )
    unknown = b"\xff" * 4
    piped = GOOD[:4] + unknown + GOOD[8:40] + unknown + GOOD[44:]
    for content in (tagged, piped, GOOD + b"more"):
        signal, rate = read(content)
        assert rate == 8000
        np.testing.assert_array_equal(signal[:2], expected)


def test_the_spoken_digits_are_read_as_scipy_reads_them(data_folder: Path) -> None:
    for path in sorted((data_folder / "speech" / "recordings").glob("7_*_0.wav")):
        signal, rate = read_wav(path)
        expected = wavfile.read(path)
        assert rate == expected[0]
        np.testing.assert_array_equal(signal, expected[1] / np.float32(32768))


@pytest.mark.parametrize("length", range(len(GOOD)))
def test_any_truncation_of_a_file_is_refused(length: int) -> None:
    with pytest.raises(FormatError):
        read(GOOD[:length])


@pytest.mark.parametrize(
    ("content", "match", "offset"),
    [
        (b"OggS" + GOOD[4:], "no WAV file: it starts with b'OggS", 0),
        (GOOD[:20], r"cut short: it declares 48 bytes and has 20", 20),
        (riff(chunk(b"data", b"ab")), "the samples come before their format", 12),
        (riff(chunk(b"fmt ", form())), "there are no samples", 36),
        (riff(chunk(b"fmt ", b"short")), "its format has 5 bytes", 20),
        (riff(chunk(b"fmt ", form(code=85))), r"format 85 with 16 bits; .* convert it", 20),
        (riff(chunk(b"fmt ", form(bits=12))), "format 1 with 12 bits", 20),
        (riff(chunk(b"fmt ", form(channels=0))), "is inconsistent: 0 channels", 20),
        (riff(chunk(b"fmt ", form(rate=0))), "is inconsistent: .* at 0 Hz", 20),
        (riff(chunk(b"fmt ", form()), chunk(b"data", b"abc")), "3 bytes of samples are no", 47),
        (
            riff(chunk(b"fmt ", form()), b"data" + struct.pack("<I", 10**9)),
            r"its chunk b'data' declares 1,000,000,000 bytes from byte 44 on, and the file has 44",
            44,
        ),
    ],
)
def test_a_false_size_or_format_is_refused(content: bytes, match: str, offset: int) -> None:
    with pytest.raises(FormatError, match=match) as caught:
        read(content)
    assert caught.value.offset == offset


@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=8))
def test_corruption_never_raises_other_exceptions(place: int, damage: bytes) -> None:
    try:
        signal, _ = read(GOOD[:place] + damage + GOOD[place + len(damage) :])
    except ChainruleError:
        return
    assert signal.size <= len(GOOD)


def test_what_is_no_binary_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="cannot read from int"):
        read_wav(3)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="opened as text"):
        read_wav(io.StringIO("RIFF"))  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        read_wav(tmp_path / "none.wav")
