"""The file that says which rooms there are."""

from pathlib import Path

import pytest

from groupcoach.errors import ConfigError
from groupcoach.fleet.rooms import Room, key_of, load_fleet

TWO = """
out = "records"
detector = "shared"
[[room]]
name = "Studio 1"
source = "rtsp://coach:secret@10.0.0.21/main"
roster = "one.toml"
language = "ko"
[[room]]
name = "위층"
source = 1
pace = "max"
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "fleet.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_rooms_with_their_places(tmp_path: Path) -> None:
    fleet = load_fleet(written(tmp_path, TWO))
    assert fleet.shared_detector
    one, two = fleet.rooms
    assert (one.name, one.key, one.language, one.pace) == ("Studio 1", "studio_1", "ko", "live")
    assert one.out == str(tmp_path / "records" / "studio_1")
    assert one.roster == str(tmp_path / "one.toml")
    assert (two.key, two.source, two.pace, two.db) == ("위층", "1", "max", None)
    assert Room(**one.plain()) == one


def test_files_are_named_from_the_folder_of_the_fleet(tmp_path: Path) -> None:
    text = '[[room]]\nname = "a"\nsource = "loop:film.mp4"\n[[room]]\nname = "b"\nsource = "film.mp4"'
    a, b = load_fleet(written(tmp_path, text)).rooms
    assert a.source == f"loop:{tmp_path / 'film.mp4'}"
    assert b.source == str(tmp_path / "film.mp4")


def test_each_room_has_a_database_of_its_own(tmp_path: Path) -> None:
    rest = '[[room]]\nname = "Hall"\nsource = "0"'
    (hall,) = load_fleet(written(tmp_path, f'db = "postgresql+psycopg://x/coach_{{room}}"\n{rest}')).rooms
    assert hall.db == "postgresql+psycopg://x/coach_hall"
    with pytest.raises(ConfigError, match=r"db needs \{room\} in it"):
        load_fleet(written(tmp_path, f'db = "postgresql+psycopg://x/coach"\n{rest}'))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "has no room"),
        ("room = 3", "has no room"),
        ('[[room]]\nname = "a"', r"\[\[room\]\] 1: name and source are needed"),
        ('[[room]]\nname = "!"\nsource = "0"', "name and source are needed"),
        ('[[room]]\nname = "a"\nsource = 0.5', "source must be text in quotes"),
        ('[[room]]\nname = "a"\nsource = "0"\nrooster = "x"', "Did you mean 'roster'"),
        ('[[room]]\nname = "a"\nsource = "0"\nlanguage = "fr"', "choose en or ko"),
        ('[[room]]\nname = "A 1"\nsource = "0"\n[[room]]\nname = "a-1"\nsource = "1"', "already"),
        ('detectors = "own"\n[[room]]\nname = "a"\nsource = "0"', "Did you mean 'detector'"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        load_fleet(written(tmp_path, text))


def test_a_name_as_a_folder() -> None:
    assert [key_of(n) for n in (" Studio 1 ", "../etc", "Saal/2", "방 3")] == ["studio_1", "etc", "saal_2", "방_3"]
