"""Videos made here, whole and broken in every way that a person meets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from groupcoach.errors import SourceError
from groupcoach.records import Frame
from groupcoach.source import Source, open_source
from groupcoach.source.files import FileSource
from groupcoach.source.opencv import cv2

FPS = 20.0
COUNT = 40


def picture(index: int, width: int, height: int) -> np.ndarray:
    """A noisy picture (so that frames take bytes) whose red level tells the index. BGR."""
    noise = np.random.default_rng(index).integers(0, 60, (height, width, 3), dtype=np.uint8)
    noise[..., 2] = index * 5
    return noise


def film(path: Path, codec: str, *, width: int = 160, height: int = 128, count: int = COUNT) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*codec), FPS, (width, height))
    assert writer.isOpened()
    for index in range(count):
        writer.write(picture(index, width, height))
    writer.release()
    return path


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    film(folder / "class.mp4", "mp4v")
    film(folder / "class.avi", "MJPG")
    film(folder / "class.mkv", "MJPG")
    film(folder / "class.webm", "VP80")
    film(folder / "class.ts", "mp4v")
    film(folder / "small.ts", "mp4v", width=96, height=64)
    film(folder / "class.mjpg", "MJPG")
    film(folder / "small.mjpg", "MJPG", width=96, height=64)
    return folder


@pytest.fixture
def quiet(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Nothing of OpenCV's or FFmpeg's own words reaches the terminal."""
    yield
    assert capfd.readouterr().err == ""


def read(path: Path) -> tuple[list[Frame], FileSource]:
    with FileSource(path) as source:
        return list(source.frames()), source


def collect(source: Source) -> tuple[list[Frame], str]:
    """All frames until the error, and the error's words."""
    frames: list[Frame] = []
    with source:
        try:
            frames.extend(frame for frame in source.frames())
        except SourceError as error:
            return frames, str(error)
    pytest.fail("the source ended as if nothing were wrong")


@pytest.mark.parametrize("name", ["class.mp4", "class.avi", "class.mkv", "class.webm", "class.ts"])
def test_every_frame_comes_in_order_with_its_time(films: Path, name: str, quiet: None) -> None:
    frames, source = read(films / name)
    assert (source.width, source.height, source.fps) == (160, 128, FPS)
    assert (source.frame_count, source.live, source.unreadable, source.notices) == (COUNT, False, 0, [])
    assert [frame.index for frame in frames] == list(range(COUNT))
    np.testing.assert_allclose([frame.t_s for frame in frames], np.arange(COUNT) / FPS, atol=1e-3)


def test_pictures_are_rgb_and_each_its_own(films: Path) -> None:
    frames, _ = read(films / "class.avi")
    red = [float(frame.image[..., 0].mean()) for frame in frames]
    np.testing.assert_allclose(red, np.arange(COUNT) * 5, atol=8)


def test_frame_rate_that_the_file_does_not_say_is_assumed_aloud(films: Path) -> None:
    frames, source = read(films / "class.mjpg")
    assert source.frame_count is None
    assert len(frames) == COUNT


@pytest.mark.parametrize("name", ["class.avi", "class.mkv", "class.webm"])
def test_file_that_breaks_off_says_so_after_its_last_good_frame(
    films: Path, tmp_path: Path, name: str, quiet: None
) -> None:
    data = (films / name).read_bytes()
    cut = tmp_path / name
    cut.write_bytes(data[: len(data) * 6 // 10])
    frames, error = collect(FileSource(cut))
    assert 15 <= len(frames) < 30
    assert "ends in the middle" in error
    assert str(cut) in error
    assert f"{len(frames)} of {COUNT} frames" in error


def moov_first(data: bytes) -> bytes:
    """An MP4 with its index in front, as cameras for the web write it; chunk offsets move with it."""
    boxes: dict[bytes, bytes] = {}
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        boxes[data[at + 4 : at + 8]] = data[at : at + size]
        at += size
    moov = bytearray(boxes.pop(b"moov"))
    at = moov.index(b"stco")
    for entry in range(int.from_bytes(moov[at + 8 : at + 12], "big")):
        place = slice(at + 12 + 4 * entry, at + 16 + 4 * entry)
        moov[place] = (int.from_bytes(moov[place], "big") + len(moov)).to_bytes(4, "big")
    return boxes.pop(b"ftyp") + bytes(moov) + b"".join(boxes.values())


def test_mp4_with_its_index_in_front_breaks_off_in_the_middle(films: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole.mp4"
    whole.write_bytes(moov_first((films / "class.mp4").read_bytes()))
    assert len(read(whole)[0]) == COUNT
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    frames, error = collect(FileSource(cut))
    assert 0 < len(frames) < 30
    assert "ends in the middle" in error


def test_mp4_with_its_index_lost_is_no_video(films: Path, tmp_path: Path, quiet: None) -> None:
    data = (films / "class.mp4").read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(data[: len(data) // 2])
    with pytest.raises(SourceError, match="not a video"):
        FileSource(cut)


def trimmed(data: bytes, start_s: float, play_s: float) -> bytes:
    """An MP4 as a phone's trim leaves it: all frames in the file, an edit list that shows some."""
    out = bytearray(data)

    def put(kind: bytes, offset: int, value: float) -> None:
        at = out.index(kind) + 4 + offset
        out[at : at + 4] = round(value).to_bytes(4, "big")

    def ticks(kind: bytes) -> int:
        at = out.index(kind) + 4 + 12
        return int.from_bytes(out[at : at + 4], "big")

    put(b"elst", 8, play_s * ticks(b"mvhd"))
    put(b"elst", 12, start_s * ticks(b"mdhd"))
    put(b"tkhd", 20, play_s * ticks(b"mvhd"))
    return bytes(out)


def test_trimmed_file_lists_more_than_it_shows_and_is_no_error(films: Path, tmp_path: Path) -> None:
    path = tmp_path / "trimmed.mp4"
    path.write_bytes(trimmed((films / "class.mp4").read_bytes(), 0.5, 1.5))
    frames, source = read(path)
    assert source.frame_count == len(frames) == COUNT - 10
    assert frames[0].t_s == 0.0
    assert source.notices == []


def test_hole_that_ends_an_mp4_early_is_an_error_though_all_bytes_are_there(films: Path, tmp_path: Path) -> None:
    data = bytearray((films / "class.mp4").read_bytes())
    start, end = data.index(b"mdat") + 5000, data.index(b"moov") - 4
    data[start:end] = bytes(end - start)
    path = tmp_path / "hole.mp4"
    path.write_bytes(data)
    frames, error = collect(FileSource(path))
    assert 0 < len(frames) < COUNT
    assert "ends in the middle" in error


@pytest.mark.parametrize("suffix", ["ts", "mjpg"])
def test_source_that_changes_size_says_where(films: Path, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"both.{suffix}"
    path.write_bytes((films / f"class.{suffix}").read_bytes() + (films / f"small.{suffix}").read_bytes())
    frames, error = collect(FileSource(path))
    assert len(frames) == COUNT
    assert "from 160x128 to 96x64 at frame 40" in error


def test_clock_that_jumps_back_is_counted_on(films: Path, tmp_path: Path) -> None:
    path = tmp_path / "twice.ts"
    path.write_bytes((films / "class.ts").read_bytes() * 2)
    frames, source = read(path)
    times = [frame.t_s for frame in frames]
    assert len(times) == 2 * COUNT
    np.testing.assert_allclose(np.diff(times), 1 / FPS, atol=1e-3)
    assert any("make no sense" in notice for notice in source.notices)


def test_near_miss_is_offered(films: Path) -> None:
    with pytest.raises(SourceError, match=r"no file 'clas\.mp4'.*Did you mean 'class\.mp4'"):
        open_source(str(films / "clas.mp4"))


def test_folder_names_its_videos(films: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"is a folder.*class\.avi"):
        open_source(str(films))
    with pytest.raises(SourceError, match="no video in it"):
        open_source(str(tmp_path))


@pytest.mark.parametrize("name", ["nowhere/class.mp4", "concat:a.ts|b.ts", "a\0b", "x" * 5000])
def test_impossible_names_are_one_paragraph(tmp_path: Path, name: str) -> None:
    with pytest.raises(SourceError):
        open_source(str(tmp_path / name))


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("class.mp4", b"", "empty"),
        ("class.mp4", b"squats, then lunges\n" * 100, "text file, not a video"),
        ("notes.txt", "스쿼트\n".encode() * 1000, "text file, not a video"),
        ("list.m3u8", b"#EXTM3U\n#EXTINF:1,\nother.ts\n", "text file, not a video"),
        ("class.mp4", b"\0\1\2\3" * 1000, "not a video that can be read"),
        ("photo.jpg", b"\xff\xd8\xff", "single picture"),
    ],
)
def test_file_that_is_no_video(tmp_path: Path, name: str, data: bytes, says: str, quiet: None) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SourceError, match=says):
        open_source(str(tmp_path / name))


def test_video_without_a_frame(tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        FileSource(film(tmp_path / "none.mp4", "mp4v", count=0))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_file_that_may_not_be_read(films: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.mp4"
    path.write_bytes((films / "class.mp4").read_bytes())
    path.chmod(0)
    with pytest.raises(SourceError, match="permissions"):
        FileSource(path)


def test_frames_are_read_once(films: Path) -> None:
    with FileSource(films / "class.mp4") as source:
        next(source.frames())
        with pytest.raises(SourceError, match="open it again"):
            next(source.frames())
