"""All numbers of the tracker in one place. Tuned by ``python -m groupcoach.training.tracker``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """Times in seconds, scores 0 to 1, lengths in shares of a body's height: right at any frame rate and resolution.

    Scores and what confirms a track belong to the class and its detector and are set by hand; the rest is searched.
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
    return_size: float = 0.5
    """How much unlike heights speak against it."""
    shadow_iou: float = 0.75
    """A new box lying so much on a followed one is a second box of the same body and starts nothing."""

    # the passes: cost from which a pair is refused
    first_limit: float = 0.9
    """Sure boxes."""
    second_limit: float = 0.6
    """Boxes below ``high_score``."""
    third_limit: float = 0.9
    """Sure boxes left over, sought with ``wide_buffer``."""
    young: float = 0.1
    """Young tracks have to fit so much better."""

    # the cost of a pair
    buffer: float = 0.15
    """Boxes are grown on every side by this share of their size (Yang et al. 2023, buffered IoU) ..."""
    wide_buffer: float = 0.3
    """... in the third pass by this ..."""
    spread: float = 0.25
    """... and a track's box by this more for every second not seen ..."""
    spread_s: float = 1.0
    """... up to so many seconds."""
    last_weight: float = 0.9
    """Overlap with the last observation counts so much (Cao et al. 2023: people reverse while hidden)."""
    upright: float = 0.0
    """Power of the vertical overlap that multiplies the overlap (Yang et al. 2024, height-modulated IoU)."""
    size_weight: float = 0.1
    """Unlike heights."""
    size_s: float = 0.2
    """A body's usual height is remembered over this time."""
    width_weight: float = 0.0
    score_weight: float = 0.0
    """Unlike scores: whoever is half hidden stays the one with the low score (Yang et al. 2024)."""
    score_s: float = 0.2
    distance_weight: float = 0.0
    """Distance of the centres."""
    top_weight: float = 0.0
    """Distance of the heads: the legs of whoever stands behind are hidden."""
    turn_weight: float = 0.0
    """A change of direction (Cao et al. 2023) ..."""
    turn_s: float = 0.15
    """... against the way gone in this time ..."""
    turn_step: float = 0.1
    """... in full when both ways are at least so long."""
    gap_weight: float = 0.0
    """For every second not seen: fresh tracks choose first."""

    # the filter (``kalman.BoxFilter``)
    agility: float = 17.0
    resizing: float = 8.0
    start_speed: float = 25.0
    mistrust: float = 1.0
    coast_s: float = 1.0
    """The velocity of a body not seen fades within this time: it stands somewhere, it does not fly on."""


BOXES_ONLY = TrackerSettings(forget_s=14.0, return_reach=0.45, return_speed=1.3)
"""For boxes without pictures (``groupcoach track``): nothing but place and time can bring somebody back there, so they
are trusted for long. In a class that is for ``identity.py`` to decide, which also sees the clothes."""
