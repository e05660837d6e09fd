"""What a container writes down about itself: whether all its bytes are there, and how long it plays.

A container may list frames that a player never shows (a phone's trim only marks them, in an edit list), so fewer
frames than listed is no proof of a broken file; a box that runs past the end of the file is, and so is a picture
track that ends long before its own stated duration.
Layouts: ISO/IEC 14496-12 (MP4, MOV), Microsoft's RIFF, RFC 8794 and 9559 (EBML, Matroska).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_BMFF_FIRST = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
_MOOV_LIMIT = 64_000_000
_EBML = b"\x1a\x45\xdf\xa3"
_SEGMENT = b"\x18\x53\x80\x67"


def cut_short(path: Path) -> bool | None:
    """True when bytes are missing at the end, False when all are there, None when the format does not tell.

    Knows MP4/MOV (boxes), AVI (RIFF chunks) and Matroska/WebM (the segment's length).
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        if head[4:8] in _BMFF_FIRST:
            return _bmff(file, size)
        if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
            return _riff(file, size)
        if head[:4] == _EBML:
            return _matroska(file, size)
    return None


def presented_s(path: Path) -> float | None:
    """Seconds that the picture track of an MP4/MOV plays, its edit list applied; None for other or silent formats."""
    with path.open("rb") as file:
        if file.read(8)[4:] not in _BMFF_FIRST:
            return None
        moov = _find_moov(file, path.stat().st_size)
    scale, durations = 0, []
    for kind, body in _boxes(moov):
        if kind == b"mvhd":
            scale = _movie_scale(body)
        elif kind == b"trak":
            parts = dict(_boxes(body))
            handler = dict(_boxes(parts.get(b"mdia", b""))).get(b"hdlr", b"")
            if handler[8:12] == b"vide":
                durations.append(_track_ticks(parts.get(b"tkhd", b"")))
    return durations[0] / scale if scale and durations and durations[0] else None


def _find_moov(file: BinaryIO, size: int) -> bytes:
    at = 0
    while at + 8 <= size:
        file.seek(at)
        head = file.read(16)
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if head[4:8] == b"moov":
            file.seek(at + 8)
            return file.read(min(length, _MOOV_LIMIT))
        if length < 8:
            break
        at += length
    return b""


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        if length < 8:
            return
        yield data[at + 4 : at + 8], data[at + 8 : at + length]
        at += length


def _number(body: bytes, at: int, count: int) -> int:
    field = body[at : at + count]
    return 0 if field.strip(b"\xff") == b"" else int.from_bytes(field, "big")  # all ones: unknown


def _movie_scale(mvhd: bytes) -> int:
    """Ticks a second."""
    return _number(mvhd, 20 if mvhd[:1] == b"\1" else 12, 4)


def _track_ticks(tkhd: bytes) -> int:
    """Duration in the movie's ticks."""
    return _number(tkhd, 28, 8) if tkhd[:1] == b"\1" else _number(tkhd, 20, 4)


def _bmff(file: BinaryIO, size: int) -> bool:
    at = 0
    while at + 8 <= size:
        file.seek(at)
        box = file.read(16)
        length = int.from_bytes(box[:4], "big")
        if length == 1 and len(box) == 16:
            length = int.from_bytes(box[8:16], "big")  # 64-bit size
        if length == 0:  # to the end of the file
            return False
        if length < 8:  # rubbish after the last box
            return False
        at += length
    return at > size


def _riff(file: BinaryIO, size: int) -> bool:
    at = 0
    while at + 8 <= size:  # large files are several RIFF chunks
        file.seek(at)
        head = file.read(8)
        if head[:4] != b"RIFF":
            return False
        length = int.from_bytes(head[4:], "little")
        at += 8 + length + length % 2
    return at > size + 1  # the padding byte of the last chunk is often left out


def _matroska(file: BinaryIO, size: int) -> bool | None:
    file.seek(4)
    header = _vint(file)
    if header is None:
        return None
    file.seek(header, 1)
    if file.read(4) != _SEGMENT:
        return None
    length = _vint(file)
    return None if length is None else file.tell() + length > size


def _vint(file: BinaryIO) -> int | None:
    """EBML's variable-length integer; None when it says "unknown" (a stream written as it came)."""
    first = file.read(1)
    if not first or first[0] == 0:
        return None
    extra = 8 - first[0].bit_length()
    rest = file.read(extra)
    bits = 7 * (extra + 1)
    value = (int.from_bytes(first + rest, "big")) & ((1 << bits) - 1)
    return None if len(rest) < extra or value == (1 << bits) - 1 else value
