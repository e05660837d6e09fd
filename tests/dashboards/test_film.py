from pathlib import Path

import cv2
import numpy as np

from dashboards.feed import film_frame, film_length


def test_a_film_is_looked_at_frame_by_frame(tmp_path: Path) -> None:
    film = tmp_path / "annotated.mp4"
    writer = cv2.VideoWriter(str(film), cv2.VideoWriter.fourcc(*"mp4v"), 10, (64, 48))
    for k in range(12):
        writer.write(np.full((48, 64, 3), 20 * k, np.uint8))
    writer.release()
    assert film_length(film) == (12, 10.0)
    jpeg = film_frame(film, 10)
    assert jpeg is not None
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (48, 64, 3)
    assert abs(float(picture.mean()) - 200) < 12


def test_what_is_no_film_has_no_frames(tmp_path: Path) -> None:
    nothing = tmp_path / "annotated.mp4"
    nothing.write_bytes(b"not a film")
    assert film_length(nothing) == (0, 1.0)
    assert film_frame(nothing, 0) is None
