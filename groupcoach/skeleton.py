"""Names of joints, angles and keypoints. Everything outside ``mesh/`` speaks these names, never indices.

``INDEX["left_knee"]`` is the row of a joint in ``BodyPose.joints_m``; ``ANGLE_INDEX`` the column of an angle in
``JointAngles.deg``. Left and right are the person's own.
"""

from __future__ import annotations

from typing import Final

#: The 24 joints of the SMPL body (Loper et al. 2015) in SMPL's order, then seven points of face and feet.
JOINTS: Final[tuple[str, ...]] = (
    "pelvis", "left_hip", "right_hip", "spine_low", "left_knee", "right_knee", "spine_mid",
    "left_ankle", "right_ankle", "spine_high", "left_foot", "right_foot", "neck",
    "left_collar", "right_collar", "head", "left_shoulder", "right_shoulder",
    "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hand", "right_hand",
    "nose", "left_ear", "right_ear", "left_heel", "right_heel", "left_toe", "right_toe",
)  # fmt: skip
N_SMPL: Final = 24
INDEX: Final[dict[str, int]] = {name: i for i, name in enumerate(JOINTS)}

#: Parent of each SMPL joint (row), -1 for the root.
SMPL_PARENTS: Final[tuple[int, ...]] = (
    -1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21,
)  # fmt: skip

#: Lines of a stick figure, for drawings.
BONES: Final[tuple[tuple[str, str], ...]] = (
    ("pelvis", "spine_mid"), ("spine_mid", "neck"), ("neck", "head"),
    ("left_shoulder", "right_shoulder"), ("left_hip", "right_hip"),
    ("left_shoulder", "left_elbow"), ("left_elbow", "left_wrist"),
    ("right_shoulder", "right_elbow"), ("right_elbow", "right_wrist"),
    ("left_hip", "left_knee"), ("left_knee", "left_ankle"), ("left_ankle", "left_toe"),
    ("right_hip", "right_knee"), ("right_knee", "right_ankle"), ("right_ankle", "right_toe"),
)  # fmt: skip

#: Inner angles (degrees, 180 = straight) as (one end, the joint, other end).
INNER_ANGLES: Final[dict[str, tuple[str, str, str]]] = {
    f"{side}_{name}": (f"{side}_{a}", f"{side}_{b}", f"{side}_{c}")
    for name, a, b, c in (
        ("knee", "hip", "knee", "ankle"),
        ("hip", "shoulder", "hip", "knee"),
        ("elbow", "shoulder", "elbow", "wrist"),
        ("shoulder", "hip", "shoulder", "elbow"),
        ("ankle", "knee", "ankle", "toe"),
    )
    for side in ("left", "right")
}

#: Angles of a line against the vertical (degrees, 0 = upright, 90 = level, 180 = upside down).
INCLINATIONS: Final[dict[str, tuple[str, str]]] = {
    "trunk_lean": ("pelvis", "neck"),
    "left_thigh_lean": ("left_knee", "left_hip"),
    "right_thigh_lean": ("right_knee", "right_hip"),
    "left_shin_lean": ("left_ankle", "left_knee"),
    "right_shin_lean": ("right_ankle", "right_knee"),
}

#: ``waist`` is the straighter of the two trunk-thigh angles: 180 standing, the rear side of a lunge.
ANGLES: Final[tuple[str, ...]] = (*INNER_ANGLES, "waist", *INCLINATIONS)
ANGLE_INDEX: Final[dict[str, int]] = {name: i for i, name in enumerate(ANGLES)}

#: Keypoints of a detector (COCO order); what every ``Observations`` carries.
COCO: Final[tuple[str, ...]] = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear",
    "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist",
    "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
)  # fmt: skip
COCO_INDEX: Final[dict[str, int]] = {name: i for i, name in enumerate(COCO)}

#: The 33 landmarks of BlazePose (Bazarevsky et al. 2020), ``foot_index`` called toe.
BLAZEPOSE: Final[tuple[str, ...]] = (
    "nose", "left_eye_inner", "left_eye", "left_eye_outer", "right_eye_inner", "right_eye", "right_eye_outer",
    "left_ear", "right_ear", "mouth_left", "mouth_right",
    "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist",
    "left_pinky", "right_pinky", "left_index", "right_index", "left_thumb", "right_thumb",
    "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
    "left_heel", "right_heel", "left_toe", "right_toe",
)  # fmt: skip
BLAZEPOSE_INDEX: Final[dict[str, int]] = {name: i for i, name in enumerate(BLAZEPOSE)}


def mirrored(name: str) -> str:
    """The same joint or angle on the other side; a name without a side is returned as it is."""
    if name.startswith("left_"):
        return "right_" + name[5:]
    if name.startswith("right_"):
        return "left_" + name[6:]
    return name
