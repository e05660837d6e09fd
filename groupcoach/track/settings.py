"""All numbers of the tracker in one place. ``python -m groupcoach.training.tracker`` searches them again.

The values come from the same search (recordings, split and cases as there) on a compiled copy of the tracker, then were
rounded and simplified by hand: weights on a change of direction, on width, on the distance of centres and of heads gave
nothing beyond chance, or lost identities, and are not there. What differs in a class was set on simulated classes (an
instructor who walks among twelve in one uniform: 31 tracks changed bodies in 80 s, 17 with the row of the feet).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """Times in seconds, scores 0 to 1, lengths in shares of a body's height: right at any frame rate and resolution.

    Scores, what confirms a track and the row of the feet belong to the class and its detector and are set by hand;
    the rest is searched.
    """

    # scores and confirmation
    high_score: float = 0.45
    """Boxes from here on are matched first."""
    birth_score: float = 0.2
    """Only such a box starts a track."""
    sure_score: float = 0.45
    """A young track whose scores average less needs a second opinion (``Tracker.vouch``) to be confirmed."""
    vouchers: int = 3
    doubtful_s: float = 1.0
    """... and this time instead of ``confirm_s``."""
    confirm_s: float = 0.4
    """A track counts once seen over this time ..."""
    confirm_share: float = 0.7
    """... in at least this share of the frames."""

    # memory
    forget_s: float = 2.0
    """A confirmed track not seen for so long ends; the person may come back under a new track (``identity.py``)."""
    forget_tentative_s: float = 0.4
    follow_s: float = 2.0
    """A lost track is sought by its motion for so long; later only by :attr:`return_reach`."""
    return_reach: float = 0.0
    """A newly confirmed track this near (heights) to where somebody was lost is that track again; 0 = never ..."""
    return_speed: float = 0.0
    """... plus this for every second between (heights a second)."""
    return_size: float = 0.75
    """How much unlike heights speak against it."""
    shadow_iou: float = 0.6
    """A new box lying so much on a followed one is a second box of the same body and starts nothing."""

    # bodies that only the landmark network still sees (``detect/held.py``)
    hold_gap_s: float = 0.3
    """A body is sought there so long after it was seen ..."""
    hold_s: float = 8.0
    """... and held for so long after the detector last saw it."""

    # the passes: cost from which a pair is refused
    first_limit: float = 1.0
    """Sure boxes."""
    second_limit: float = 0.77
    """Boxes below ``high_score``."""
    third_limit: float = 1.2
    """Sure boxes left over, sought with ``wide_buffer``."""
    young: float = 0.25
    """Young tracks have to fit so much better."""

    # the cost of a pair
    buffer: float = 0.1
    """Boxes are grown on every side by this share of their size (Yang et al. 2023, buffered IoU) ..."""
    wide_buffer: float = 0.3
    """... in the third pass by this ..."""
    spread: float = 0.28
    """... and a track's box by this more for every second not seen ..."""
    spread_s: float = 1.0
    """... up to so many seconds."""
    last_weight: float = 0.7
    """Overlap with the last observation counts so much (Cao et al. 2023: people reverse while hidden)."""
    upright: float = 0.6
    """Power of the vertical overlap that multiplies the overlap (Yang et al. 2024, height-modulated IoU)."""
    size_weight: float = 0.5
    """Unlike heights."""
    foot_weight: float = 1.0
    """Feet on another row of the picture, in heights: who walks past in front or behind stands on another row ..."""
    foot_most: float = 0.2
    """... up to so much: whoever lies down or jumps is not given up."""
    size_s: float = 0.8
    """A body's usual height is remembered over this time."""
    score_weight: float = 0.3
    """Unlike scores: whoever is half hidden stays the one with the low score (Yang et al. 2024)."""
    score_s: float = 0.25
    gap_weight: float = 0.0
    """For every second not seen: fresh tracks choose first."""

    # the filter (``kalman.BoxFilter``)
    agility: float = 17.0
    resizing: float = 8.5
    start_speed: float = 20.0
    mistrust: float = 0.75
    coast_s: float = 0.55
    """The velocity of a body not seen fades within this time: it stands somewhere, it does not fly on."""


BOXES_ONLY = TrackerSettings(
    forget_s=12.0,
    follow_s=1.2,
    return_reach=1.2,
    return_speed=1.4,
    third_limit=0.96,
    last_weight=0.5,
    foot_weight=0.0,
    gap_weight=0.2,
    agility=13.0,
)
"""For boxes without pictures (``groupcoach track``): nothing but place and time can bring somebody back there. A lost
track is soon given up by the passes, and a new one near its place goes on as the lost one, for long. In a class that is
for ``identity.py`` to decide, which also sees the clothes; there the passes hold on to a lost body instead."""
