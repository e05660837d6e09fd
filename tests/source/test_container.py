"""Container heads written by hand: whole, cut, padded, of unknown length."""

from __future__ import annotations

from pathlib import Path

import pytest

from groupcoach.source.container import cut_short, presented_s


def box(kind: bytes, body: bytes, *, wide: bool = False) -> bytes:
    if wide:
        return (1).to_bytes(4, "big") + kind + (16 + len(body)).to_bytes(8, "big") + body
    return (8 + len(body)).to_bytes(4, "big") + kind + body


FTYP = box(b"ftyp", b"isom0000")
MP4 = FTYP + box(b"moov", b"m" * 50) + box(b"mdat", b"d" * 500)
WIDE = FTYP + box(b"mdat", b"d" * 500, wide=True)
OPEN_END = FTYP + (0).to_bytes(4, "big") + b"mdat" + b"d" * 500
AVI = b"RIFF" + (504).to_bytes(4, "little") + b"AVI " + b"x" * 500
LONG_AVI = AVI + b"RIFF" + (104).to_bytes(4, "little") + b"AVIX" + b"x" * 100
EBML = b"\x1a\x45\xdf\xa3\x84abcd"
MKV = EBML + b"\x18\x53\x80\x67" + b"\x41\xf4" + b"x" * 500
LIVE_MKV = EBML + b"\x18\x53\x80\x67" + b"\x01\xff\xff\xff\xff\xff\xff\xff" + b"x" * 500


@pytest.mark.parametrize("data", [MP4, WIDE, OPEN_END, MP4 + b"rubb", AVI, LONG_AVI, MKV])
def test_whole_files(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "f").write_bytes(data)
    assert cut_short(tmp_path / "f") is False


@pytest.mark.parametrize("data", [MP4, WIDE, AVI, LONG_AVI, MKV])
def test_cut_files(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "f").write_bytes(data[:-50])
    assert cut_short(tmp_path / "f") is True


@pytest.mark.parametrize("data", [LIVE_MKV, b"G" * 188 * 3, b"", EBML, EBML[:4], b"\xff\xd8\xff"])
def test_formats_that_do_not_tell(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "f").write_bytes(data)
    assert cut_short(tmp_path / "f") is None


def movie(*tracks: bytes, scale: int = 1000, wide: bool = False) -> bytes:
    head = b"\1\0\0\0" + bytes(16) if wide else bytes(12)
    return (
        FTYP + box(b"mdat", b"d" * 100) + box(b"moov", box(b"mvhd", head + scale.to_bytes(4, "big")) + b"".join(tracks))
    )


def track(kind: bytes, ticks: int, *, wide: bool = False) -> bytes:
    head = b"\1\0\0\0" + bytes(24) + ticks.to_bytes(8, "big") if wide else bytes(20) + ticks.to_bytes(4, "big")
    return box(b"trak", box(b"tkhd", head) + box(b"mdia", box(b"hdlr", bytes(8) + kind)))


@pytest.mark.parametrize(
    ("data", "seconds"),
    [
        (movie(track(b"soun", 9000), track(b"vide", 2500)), 2.5),
        (movie(track(b"vide", 5000, wide=True), scale=600, wide=True), 5000 / 600),
        (movie(track(b"soun", 9000)), None),
        (movie(track(b"vide", 0)), None),
        (movie(track(b"vide", 0xFFFFFFFF)), None),
        (movie(), None),
        (FTYP, None),
        (AVI, None),
        (b"", None),
    ],
)
def test_seconds_that_the_picture_track_plays(tmp_path: Path, data: bytes, seconds: float | None) -> None:
    (tmp_path / "f").write_bytes(data)
    assert presented_s(tmp_path / "f") == seconds
