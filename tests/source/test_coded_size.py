"""Headers written bit by bit, so that the known answer is ours and not a codec's."""

from __future__ import annotations

import pytest

from groupcoach.source.coded_size import Size, h264_size, h265_size, jpeg_size, mpeg4_size, vp8_size


class Writer:
    def __init__(self) -> None:
        self.bits = ""

    def put(self, value: int, count: int) -> Writer:
        self.bits += f"{value:0{count}b}" if count else ""
        return self

    def ue(self, value: int) -> Writer:
        text = f"{value + 1:b}"
        self.bits += "0" * (len(text) - 1) + text
        return self

    def unit(self, head: bytes) -> bytes:
        bits = self.bits + "1"
        bits += "0" * (-len(bits) % 8)
        body = int(bits, 2).to_bytes(len(bits) // 8, "big")
        out, zeros = bytearray(), 0
        for byte in body:  # emulation prevention
            if zeros >= 2 and byte <= 3:
                out.append(3)
                zeros = 0
            out.append(byte)
            zeros = zeros + 1 if byte == 0 else 0
        return b"\0\0\1" + head + bytes(out) + b"\0\0\1\x68rest"


def h264(width_mbs: int, height_units: int, *, profile: int = 66, interlaced: bool = False, crop: int = 0) -> bytes:
    w = Writer().put(profile, 8).put(0, 8).put(31, 8).ue(0)
    if profile == 100:
        w.ue(1).ue(0).ue(0).put(0, 1).put(1, 1)  # 4:2:0, scaling lists: one short list, ended by its first step
        w.put(1, 1).ue(16)  # delta -8: the next scale is 0
        w.put(0, 7)
    w.ue(0).ue(0).ue(4).ue(3).put(0, 1).ue(width_mbs - 1).ue(height_units - 1).put(0 if interlaced else 1, 1)
    if interlaced:
        w.put(0, 1)
    w.put(1, 1).put(1 if crop else 0, 1)
    if crop:
        w.ue(0).ue(0).ue(0).ue(crop)
    return w.put(0, 1).unit(b"\x67")


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (h264(80, 45), (1280, 720)),
        (h264(120, 68, crop=4), (1920, 1080)),
        (h264(120, 34, interlaced=True, crop=2), (1920, 1080)),
        (h264(80, 45, profile=100), (1280, 720)),
        (b"\0\0\1\x65slice without a parameter set", None),
        (b"", None),
    ],
)
def test_h264(data: bytes, size: Size | None) -> None:
    assert h264_size(data) == size


@pytest.mark.parametrize("layers", [0, 2])
def test_h265(layers: int) -> None:
    w = Writer().put(0, 4).put(layers, 3).put(1, 1).put(0, 96)
    if layers:
        w.put(0b11_01, 2 * layers).put(0, 2 * (8 - layers)).put(0, 88 + 8).put(0, 8)
    w.ue(0).ue(1).ue(1920).ue(1088).put(1, 1).ue(0).ue(0).ue(0).ue(4)
    assert h265_size(w.unit(b"\x42\x01")) == (1920, 1080)


def test_mpeg4() -> None:
    w = Writer().put(0, 1).put(1, 8).put(1, 1).put(2, 4).put(1, 3).put(1, 4).put(0, 1).put(0, 2)
    w.put(1, 1).put(20, 16).put(1, 1).put(1, 1).put(1, 5).put(1, 1).put(640, 13).put(1, 1).put(360, 13)
    assert mpeg4_size(w.unit(b"\x20")) == (640, 360)


def test_jpeg() -> None:
    data = b"\xff\xd8" + b"\xff\xe0\0\4ab" + b"\xff\xc4\0\3x" + b"\xff\xc0\0\x11\x08" + b"\1\x68\2\x80" + b"\3"
    assert jpeg_size(data) == (640, 360)
    assert jpeg_size(b"\xff\xd8") is None


def test_vp8() -> None:
    assert vp8_size(b"\x10\0\0\x9d\x01\x2a" + (640).to_bytes(2, "little") + (360).to_bytes(2, "little")) == (640, 360)
    assert vp8_size(b"\x11\0\0 an inter frame") is None
