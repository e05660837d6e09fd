"""Looks at what people wear: who is looked at when, and what is learned of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from groupcoach.detect.suppress import largest_share
from groupcoach.records import Floats, Observations, Track
from groupcoach.track.appearance import clothing, light, unlikeness
from groupcoach.track.membership import Participant
from groupcoach.track.recheck import KNOWN_LOOKS, Recheck

_LIGHT_S: Final = 1.5
_FIRST_S, _FIRST_LOOKS = 0.5, 10
"""At first people are looked at more often ..."""
_REFRESH_S: Final = 1.5
"""... than later."""
_HIDDEN_S: Final = 0.3
"""Somebody behind others is looked at again so soon."""
_COVERED: Final = 0.3
_NEW_LOOK: Final = 0.08
"""Weight of one look beside all before, from the thirteenth on."""
_STRANGE: Final = 0.5
"""A look so unlike (Hellinger distance) all before is of another body, or of a jacket taken off ..."""
_CHANGED: Final = 20
"""... which it is when so many in a row are."""


class Looks:
    """Colours of everybody, a few looks a frame."""

    def __init__(self) -> None:
        """Nobody was looked at yet."""
        self.recheck = Recheck()
        self._lit: Floats = np.ones(3)
        self._lit_s = -1e9

    def at(self, track: Track, obs: Observations, image: NDArray[np.uint8], t_s: float) -> Floats | None:
        """Colours of what one body wears now; None where nothing of it is seen."""
        if t_s - self._lit_s > _LIGHT_S:
            self._lit, self._lit_s = light(image), t_s
        row = track.observation
        return clothing(image, obs.keypoints_px[row], obs.keypoint_scores[row], self._lit)

    def refresh(
        self, seen: Sequence[Track], owners: Mapping[int, Participant], obs: Observations, image: NDArray[np.uint8],
        t_s: float,
    ) -> None:  # fmt: skip
        """Look again at those who were not looked at for longest.

        Args:
            seen: tracks that have a body in this frame.
            owners: track -> person.
            obs: of this frame.
            image: (H, W, 3) RGB.
            t_s: its time.
        """
        turn = sorted(seen, key=lambda t: owners[t.track_id].colours_s)
        for track in turn[: 1 + len(seen) // 16]:
            person = owners[track.track_id]
            if t_s - person.colours_s < (_FIRST_S if person.looks < _FIRST_LOOKS else _REFRESH_S):
                continue
            if person.looks and _covered(track, seen, obs) > _COVERED:
                person.colours_s = t_s - _REFRESH_S + _HIDDEN_S
                continue
            person.colours_s = t_s
            now = self.at(track, obs, image, t_s)
            if now is not None:
                self.recheck.look(track.track_id, now, t_s)
                _learn(person, now, t_s)


def _learn(person: Participant, now: Floats, t_s: float) -> None:
    """One look more is added to what the person is known to wear."""
    old = person.colours
    if old is not None and person.looks >= KNOWN_LOOKS and unlikeness(now, old) > _STRANGE:
        person.strange_looks += 1
        if person.strange_looks < _CHANGED:
            return
    person.strange_looks, person.looks, person.like_s = 0, person.looks + 1, t_s
    new = max(1 / person.looks, _NEW_LOOK)
    person.colours = now if old is None else np.where(
        np.isnan(old), now, np.where(np.isnan(now), old, (1 - new) * old + new * now)
    )  # fmt: skip


def _covered(track: Track, seen: Sequence[Track], obs: Observations) -> float:
    """Largest share of a body's box that the box of somebody in front (whose feet are lower) lies on."""
    box = obs.boxes_xyxy[track.observation]
    others = obs.boxes_xyxy[[t.observation for t in seen if t is not track and t.observation is not None]]
    return largest_share(box, others[others[:, 3] > box[3]])
