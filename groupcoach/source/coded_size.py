"""The picture size that coded video states about itself, read from the packets of a file.

OpenCV scales every picture to the size of the first without a word, so a file that changes size would only show as
people of another shape. Its packets say it: this reads their headers, no picture is decoded.
Layouts: ITU-T H.264 7.3.2.1.1, H.265 7.3.2.2, ISO/IEC 14496-2 6.2.3, ITU-T T.81 B.2.2, RFC 6386 9.1.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from groupcoach.source.opencv import cv2

Size = tuple[int, int]
"""Width and height in pixels, before any rotation that the container asks for."""

_HEADER_BYTES = 4096
"""Sizes stand in front of the coded picture."""


class SizeWatch:
    """Reads the packets of a file in step with its frames and tells when their size is another than at first."""

    def __init__(self, path: Path) -> None:
        self._packets = cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG, [cv2.CAP_PROP_FORMAT, -1])
        fourcc = int(self._packets.get(cv2.CAP_PROP_FOURCC)) if self._packets.isOpened() else 0
        name = fourcc.to_bytes(4, "little", signed=False).decode("latin-1").lower() if fourcc > 0 else ""
        self._read = _READERS.get(name)
        self._first: Size | None = None
        if self._read is None:
            self.close()

    def changed(self) -> Size | None:
        """Look at the next packet: the new size when it starts pictures of another one, else None."""
        if self._read is None or not self._packets.grab():
            return None
        if not self._packets.get(cv2.CAP_PROP_LRF_HAS_KEY_FRAME):
            return None
        ok, packet = self._packets.retrieve()
        if not ok:
            return None
        try:
            size = self._read(packet.reshape(-1)[:_HEADER_BYTES].tobytes())
        except _Short:
            return None
        if size is None or self._first is None:
            self._first = self._first or size
            return None
        return size if size != self._first else None

    def close(self) -> None:
        """Let go of the file."""
        self._packets.release()


class _Short(Exception):
    """The header ends before the size."""


class _Bits:
    """Bits of a header, most significant first."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        """The next bits as a number."""
        if count > self._left:
            raise _Short
        self._left -= count
        return (self._value >> self._left) & ((1 << count) - 1)

    def golomb(self) -> int:
        """ue(v): an Exp-Golomb number."""
        zeros = 0
        while self.take(1) == 0:
            zeros += 1
        return (1 << zeros) - 1 + self.take(zeros)

    def signed_golomb(self) -> int:
        """se(v)."""
        value = self.golomb()
        return (value + 1) // 2 if value % 2 else -(value // 2)


def _units(data: bytes) -> list[bytes]:
    """NAL units of a byte stream (between start codes), without the bytes that protect start codes."""
    return [unit.replace(b"\0\0\3", b"\0\0") for unit in re.split(b"\0\0\1", data)[1:] if unit]


def h264_size(data: bytes) -> Size | None:
    """From the sequence parameter set."""
    unit = next((u for u in _units(data) if u[0] & 0x1F == 7), None)
    if unit is None:
        return None
    bits = _Bits(unit[1:])
    profile = bits.take(8)
    bits.take(16)
    bits.golomb()
    chroma = 1
    if profile in (100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135):
        chroma = bits.golomb()
        if chroma == 3:
            bits.take(1)
        bits.golomb()
        bits.golomb()
        bits.take(1)
        if bits.take(1):
            for number in range(12 if chroma == 3 else 8):
                if bits.take(1):
                    _skip_scaling_list(bits, 16 if number < 6 else 64)
    bits.golomb()
    order = bits.golomb()
    if order == 0:
        bits.golomb()
    elif order == 1:
        bits.take(1)
        bits.golomb()
        bits.golomb()
        for _ in range(bits.golomb()):
            bits.golomb()
    bits.golomb()
    bits.take(1)
    width = 16 * (bits.golomb() + 1)
    units = bits.golomb() + 1
    frames_only = bits.take(1)
    height = 16 * units * (2 - frames_only)
    if not frames_only:
        bits.take(1)
    bits.take(1)
    if bits.take(1):
        step_x = 2 if chroma in (1, 2) else 1
        step_y = (2 if chroma == 1 else 1) * (2 - frames_only)
        width -= step_x * (bits.golomb() + bits.golomb())
        height -= step_y * (bits.golomb() + bits.golomb())
    return width, height


def _skip_scaling_list(bits: _Bits, length: int) -> None:
    last = following = 8
    for _ in range(length):
        if following:
            following = (last + bits.signed_golomb()) % 256
        last = following or last


def h265_size(data: bytes) -> Size | None:
    """From the sequence parameter set."""
    unit = next((u for u in _units(data) if (u[0] >> 1) & 0x3F == 33), None)
    if unit is None:
        return None
    bits = _Bits(unit[2:])
    bits.take(4)
    layers = bits.take(3)
    bits.take(1)
    bits.take(96)
    there = [(bits.take(1), bits.take(1)) for _ in range(layers)]
    if layers:
        bits.take(2 * (8 - layers))
    for profile, level in there:
        bits.take(88 * profile + 8 * level)
    bits.golomb()
    chroma = bits.golomb()
    if chroma == 3:
        bits.take(1)
    width, height = bits.golomb(), bits.golomb()
    if bits.take(1):
        width -= (2 if chroma in (1, 2) else 1) * (bits.golomb() + bits.golomb())
        height -= (2 if chroma == 1 else 1) * (bits.golomb() + bits.golomb())
    return width, height


def mpeg4_size(data: bytes) -> Size | None:
    """From the video object layer; rectangular ones only."""
    unit = next((u for u in re.split(b"\0\0\1", data)[1:] if u and 0x20 <= u[0] <= 0x2F), None)
    if unit is None:
        return None
    bits = _Bits(unit[1:])
    bits.take(9)
    if bits.take(1):
        bits.take(4)
        bits.take(3)
    if bits.take(4) == 15:
        bits.take(16)
    if bits.take(1):
        bits.take(3)
        if bits.take(1):
            bits.take(79)
    shape = bits.take(2)
    if shape != 0:
        return None
    bits.take(1)
    resolution = bits.take(16)
    bits.take(1)
    if bits.take(1):
        bits.take(max(1, (resolution - 1).bit_length()))
    bits.take(1)
    width = bits.take(13)
    bits.take(1)
    return width, bits.take(13)


def jpeg_size(data: bytes) -> Size | None:
    """From the start of frame."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(data[at + 7 : at + 9], "big"), int.from_bytes(data[at + 5 : at + 7], "big")
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def vp8_size(data: bytes) -> Size | None:
    """From the header of a key frame."""
    if len(data) < 10 or data[3:6] != b"\x9d\x01\x2a":
        return None
    return int.from_bytes(data[6:8], "little") & 0x3FFF, int.from_bytes(data[8:10], "little") & 0x3FFF


_READERS: dict[str, Callable[[bytes], Size | None]] = {
    **dict.fromkeys(("h264", "avc1", "avc3", "x264"), h264_size),
    **dict.fromkeys(("hevc", "h265", "hvc1", "hev1"), h265_size),
    **dict.fromkeys(("fmp4", "mp4v", "xvid", "divx", "dx50"), mpeg4_size),
    **dict.fromkeys(("mjpg", "mjpeg", "jpeg"), jpeg_size),
    **dict.fromkeys(("vp80", "vp8 "), vp8_size),
}
