"""Small pieces of text for pictures, Korean and Latin, with a readable background."""

from __future__ import annotations

import functools
import unicodedata
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

#: Fonts with Hangul and Latin, the better first, as the systems name their files.
_FONTS: Final = (
    "NotoSansCJK-Medium.ttc", "NotoSansCJK-Regular.ttc", "NotoSansCJKkr-Regular.otf", "NotoSansKR-Regular.otf",
    "NotoSansKR-Regular.ttf", "NotoSansKR-VF.ttf", "NanumGothic.ttf", "AppleSDGothicNeo.ttc", "AppleGothic.ttf",
    "malgun.ttf", "UnDotum.ttf", "NotoSerifCJK-Regular.ttc",
)  # fmt: skip
_FOLDERS: Final = (
    "/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts", "/System/Library/Fonts",
    "/Library/Fonts", "C:/Windows/Fonts",
)  # fmt: skip
# Revised Romanization, letter by letter: Unicode lays a syllable out as first x 588 + vowel x 28 + last.
_FIRST: Final = ("g", "kk", "n", "d", "tt", "r", "m", "b", "pp", "s", "ss", "", "j", "jj", "ch", "k", "t", "p", "h")
_VOWEL: Final = ("a", "ae", "ya", "yae", "eo", "e", "yeo", "ye", "o", "wa", "wae", "oe", "yo", "u", "wo", "we", "wi",
                 "yu", "eu", "ui", "i")  # fmt: skip
_LAST: Final = ("", "k", "k", "ks", "n", "nj", "nh", "t", "l", "lk", "lm", "lp", "ls", "lt", "lp", "lh", "m", "p", "ps",
                "t", "t", "ng", "t", "t", "k", "t", "p", "t")  # fmt: skip


def latin(text: str) -> str:
    """``text`` in Latin letters: Hangul romanised, accents dropped, what is left of other scripts as ``?``."""
    out = []
    for letter in text:
        code = ord(letter) - 0xAC00
        if 0 <= code < 11172:
            out.append(_FIRST[code // 588] + _VOWEL[code % 588 // 28] + _LAST[code % 28])
        else:
            plain = unicodedata.normalize("NFKD", letter)
            out.append("".join(c for c in plain if ord(c) < 128) or "?")
    return "".join(out)


@functools.lru_cache(maxsize=1)
def font_file() -> Path | None:
    """A font of this machine with Hangul in it, or None."""
    found: dict[str, Path] = {}
    for folder in _FOLDERS:
        root = Path(folder).expanduser()
        if root.is_dir():
            for path in root.rglob("*.[to]t[cf]"):
                found.setdefault(path.name, path)
    return next((found[name] for name in _FONTS if name in found), None)


@functools.lru_cache(maxsize=32)
def _font(size: int, latin_only: bool) -> Any:
    from PIL import ImageFont

    path = None if latin_only else font_file()
    return ImageFont.load_default(size) if path is None else ImageFont.truetype(str(path), size)


@functools.lru_cache(maxsize=256)
def label(lines: tuple[str, ...], size: int, colour: tuple[int, int, int], alert: bool = False) -> NDArray[np.uint8]:
    """A label as an RGBA picture (h, w, 4); the same label is drawn once and kept.

    Args:
        lines: The first is the name and is written larger.
        size: Height of the first line's letters, px.
        colour: RGB of the bar at its left, the person's colour.
        alert: Red frame and a red last line: something to correct.
    """
    from PIL import Image, ImageDraw

    narrow = all(ord(c) < 128 for line in lines for c in line)
    if not narrow and font_file() is None:
        lines, narrow = tuple(latin(line) for line in lines), True
    sizes = [size] + [max(10, round(size * 0.8))] * (len(lines) - 1)
    fonts = [_font(s, narrow) for s in sizes]
    pad = max(3, size // 4)
    heights = [round(s * 1.3) for s in sizes]
    width = round(max((f.getlength(t) for f, t in zip(fonts, lines, strict=True)), default=0)) + 3 * pad
    picture = Image.new("RGBA", (max(width, 4 * pad), sum(heights) + pad), (18, 20, 26, 205))
    pen = ImageDraw.Draw(picture)
    red = (255, 92, 82)
    pen.rectangle((0, 0, max(2, pad // 2), picture.height), fill=red if alert else colour)
    y = pad // 2
    for i, (text, font, height) in enumerate(zip(lines, fonts, heights, strict=True)):
        ink = red if alert and i == len(lines) - 1 and i > 0 else (255, 255, 255) if i == 0 else (214, 220, 230)
        pen.text((pad * 1.6, y + height / 2), text, font=font, fill=ink, anchor="lm")
        y += height
    out = np.array(picture)
    out.flags.writeable = False
    return out


def paste(image: NDArray[np.uint8], patch: NDArray[np.uint8], x: int, y: int) -> None:
    """Lays an RGBA ``patch`` over ``image`` (H, W, 3) in place, its corner at (x, y); what sticks out is cut off."""
    h, w = image.shape[:2]
    x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + patch.shape[1], w), min(y + patch.shape[0], h)
    if x0 >= x1 or y0 >= y1:
        return
    part = patch[y0 - y : y1 - y, x0 - x : x1 - x]
    alpha = part[..., 3:].astype(np.uint16)
    under = image[y0:y1, x0:x1]
    under[:] = ((part[..., :3] * alpha + under * (255 - alpha)) // 255).astype(np.uint8)
