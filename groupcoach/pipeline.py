"""One frame in, events out. Read this first: the body of ``Pipeline.step`` is the flow, each line a folder or file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from groupcoach import angles, measures
from groupcoach.classify.network import Classifier
from groupcoach.classify.signals import signals
from groupcoach.classify.window import features_of
from groupcoach.clock import Stopwatch
from groupcoach.detect import Detector
from groupcoach.detect.budget import LandmarkBudget
from groupcoach.detect.held import hold_on
from groupcoach.exercises.catalogue import Catalogue
from groupcoach.mesh.camera import Camera
from groupcoach.mesh.regressor import PersonInput, Regressor
from groupcoach.people import People
from groupcoach.person import PersonState
from groupcoach.plan import PlanProgress, Step
from groupcoach.records import BodyPose, Event, Floats, Frame, JointAngles, Observations, Track, TrackState
from groupcoach.reps import IllegalMove
from groupcoach.skeleton import INDEX
from groupcoach.track.identity import Identity
from groupcoach.track.membership import Participant
from groupcoach.track.roster import Member
from groupcoach.track.tracker import Tracker


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One person who is in this frame."""

    participant: Participant
    state: PersonState
    box_xyxy: Floats
    score: float
    pose: BodyPose
    angles: JointAngles
    exercise: str
    """Of this frame alone, before the vote."""
    landmarks_m: Floats | None = None
    """(33, 3) of the landmark network, where it looked."""


class Pipeline:
    """The whole line for one class. Keeps one ``PersonState`` per person; knows nothing of files, voices or pages."""

    def __init__(
        self, detector: Detector, tracker: Tracker, identity: Identity, landmarks: LandmarkBudget, regressor: Regressor,
        classifier: Classifier, catalogue: Catalogue,
    ) -> None:  # fmt: skip
        """Put the stages together; each is replaceable by another of its protocol."""
        self.detector, self.tracker, self.identity, self.landmarks = detector, tracker, identity, landmarks
        self.regressor, self.classifier, self.catalogue = regressor, classifier, catalogue
        self.people = People(self._fresh)
        self.watch = Stopwatch()
        self.programme: tuple[Step, ...] = ()
        """The instructor's plan; each person goes through it at an own pace."""
        self.paused = False
        """The instructor paused the class: people are followed, nothing is counted."""
        self.upcoming: Callable[[], Frame | None] = lambda: None
        """Gives the next frame if it is there already: the detector begins with it while this one is worked on."""
        self._begin: Callable[[Frame], None] = getattr(detector, "begin", lambda frame: None)
        self.skipped = 0
        """Readings of one person in one frame that could not be used."""
        self.camera: Camera | None = None
        self._followed: dict[int, int] = {}
        self._tracked: frozenset[int] = frozenset()

    def step(self, frame: Frame) -> tuple[list[Event], list[Seen]]:
        """Everything that happened in this frame, and everybody who is in it."""
        watch, t_s = self.watch, frame.t_s
        with watch.stage("detect"):
            found = self.detector.detect(frame)
        with watch.stage("track"):
            self.tracker.step(found, t_s)
            found = hold_on(frame, found, self.tracker, self.landmarks)
            tracks = self.tracker.tracks()
            events = self.people.follow(self.identity.step(tracks, found, frame.image, t_s))
        with watch.stage("landmarks"):
            self._forget(tracks)
            self._vouch(frame, tracks, found)
            people = self._one_each(self._inputs(tracks, found, TrackState.CONFIRMED))
            people = self.landmarks.look(frame, people)
        if (after := self.upcoming()) is not None:
            self._begin(after)  # from here on one core has nothing to do
        watch.add("networks", self.detector.clock.take() + self.landmarks.network_ms())
        with watch.stage("mesh"):
            self.camera = Camera.guess(frame.image.shape[1], frame.image.shape[0])
            picture = {"image": frame.image} if getattr(self.regressor, "needs_image", False) else {}
            poses = self.regressor.fit(people, self.camera, t_s, **picture)
            joint_angles = angles.measure(poses)
            self._learn_shapes(people, poses)
        with watch.stage("classify"):
            states = [self._state(p) for p in people]
            votes = self._classify(states, poses, joint_angles, t_s)
        with watch.stage("reps"):
            events += self._count(people, states, poses, joint_angles, votes, t_s)
        return events, self._seen(people, found, tracks, states, poses, joint_angles, votes)

    def finish(self, t_s: float) -> list[Event]:
        """The source has ended: what still waits for a decision is decided."""
        events = self.people.follow(self.identity.finish(t_s))
        return events + [event for state in self.people.values() for event in state.finish(t_s)]

    def merge(self, person_id: int, into: int) -> bool:
        """``person_id`` was ``into`` all along: tracks and repetitions go over. False when either is unknown."""
        if person_id == into or not {person_id, into} <= self.identity.people.keys():
            return False
        self.identity.merge(person_id, into)
        self.people.take_over(person_id, into)
        return True

    def split(self, person_id: int) -> int | None:
        """Undo the last merge into somebody: tracks, and what was counted on them, are somebody else's again.

        Returns:
            Who that is; None when nobody was merged into ``person_id``.
        """
        gone = self.identity.split(person_id)
        if gone is None:
            return None
        self.people.part(person_id, gone)
        return gone.person_id

    def swap(self, one: int, other: int) -> bool:
        """Each of the two has the other's body from now on. False when either is unknown."""
        if one == other or not {one, other} <= self.identity.people.keys():
            return False
        self.identity.swap(one, other)
        self.people.of(one).reassign(self.people.of(other))
        return True

    def _learn_shapes(self, people: list[PersonInput], poses: list[BodyPose]) -> None:
        shapes = {}
        for p, pose in zip(people, poses, strict=True):
            person_id = self.identity.person_of(p.track_id)
            if person_id is not None and np.isfinite(pose.sigma_m).all():
                shapes[person_id] = pose.betas
        self.identity.shapes(shapes)

    def _forget(self, tracks: list[Track]) -> None:
        """The regressor drops its memory of tracks that ended."""
        now = frozenset(t.track_id for t in tracks)
        for track_id in self._tracked - now:
            self.regressor.forget(track_id)
        self._tracked = now

    def _vouch(self, frame: Frame, tracks: list[Track], found: Observations) -> None:
        """Low boxes that stay (a body in a dark corner, or a coat on a hook) are shown to the landmark network."""
        doubtful = self.tracker.doubtful()
        if doubtful:
            young = [p for p in self._inputs(tracks, found, TrackState.TENTATIVE) if p.track_id in doubtful]
            for track_id in self.landmarks.second_opinion(frame, young):
                self.tracker.vouch(track_id)

    def _one_each(self, people: list[PersonInput]) -> list[PersonInput]:
        """One body per person: of two that the instructor called one (a mirror image), the one followed so far."""
        chosen: dict[int, PersonInput] = {}
        for p in people:
            person_id = self.identity.person_of(p.track_id)
            if person_id is not None and (person_id not in chosen or self._followed.get(person_id) == p.track_id):
                chosen[person_id] = p
        self._followed.update({person_id: p.track_id for person_id, p in chosen.items()})
        return list(chosen.values())

    @staticmethod
    def _inputs(tracks: list[Track], found: Observations, state: TrackState) -> list[PersonInput]:
        return [
            PersonInput(t.track_id, found.boxes_xyxy[t.observation], found.keypoints_px[t.observation],
                        found.keypoint_scores[t.observation], None)
            for t in tracks if t.state is state and t.observation is not None
        ]  # fmt: skip

    def _state(self, person: PersonInput) -> PersonState:
        person_id = self.identity.person_of(person.track_id)
        assert person_id is not None  # confirmed tracks always have one
        return self.people.of(person_id)

    def _fresh(self, person_id: int) -> PersonState:
        """Somebody of whom nothing is known yet, at the first step of the plan."""
        classes = self.classifier.classes
        plan = PlanProgress(self.programme, {c: i for i, c in enumerate(classes)}) if self.programme else None
        return PersonState(person_id, self.catalogue, classes, plan)

    def _classify(
        self, states: list[PersonState], poses: list[BodyPose], joint_angles: list[JointAngles], t_s: float
    ) -> list[Floats | None]:  # fmt: skip
        """Probabilities per person, one pass of the network for all; None where too little was seen."""
        votes: list[Floats | None] = [None] * len(states)
        if not states:
            return votes
        joints, deg = np.stack([p.joints_m for p in poses]), np.stack([a.deg for a in joint_angles])
        values = signals(joints, deg, np.stack([p.joints_px for p in poses]))
        for state, row in zip(states, values, strict=True):
            state.window.push(t_s, row)
        seen = np.flatnonzero(np.isfinite(values).any(1))
        rows, features = features_of([states[i].window for i in seen])
        if rows:
            for i, p in zip(seen[rows], self.classifier.probabilities(features), strict=True):
                votes[i] = p
        return votes

    def _count(
        self, people: list[PersonInput], states: list[PersonState], poses: list[BodyPose],
        joint_angles: list[JointAngles], votes: list[Floats | None], t_s: float,
    ) -> list[Event]:  # fmt: skip
        if not states or self.paused:
            return []
        joints, sigma_m = np.stack([p.joints_m for p in poses]), np.stack([p.sigma_m for p in poses])
        deg, sigma_deg = np.stack([a.deg for a in joint_angles]), np.stack([a.sigma_deg for a in joint_angles])
        joints_px = np.stack([p.joints_px for p in poses])
        values, sigma = measures.measure_all(joints, sigma_m, deg, sigma_deg, joints_px)
        views = measures.facing(joints)
        events: list[Event] = []
        for i, state in enumerate(states):
            if self.identity.people[state.person_id].instructor:
                continue
            try:
                place = _place(poses[i], people[i].box_xyxy)
                events += state.step(t_s, deg[i], sigma_deg[i], values[i], sigma[i], views[i], votes[i], place)
            except (ArithmeticError, LookupError, ValueError, IllegalMove):
                self.skipped += 1  # one person's bad data never stops the class
        return events

    def _seen(
        self, people: list[PersonInput], found: Observations, tracks: list[Track], states: list[PersonState],
        poses: list[BodyPose], joint_angles: list[JointAngles], votes: list[Floats | None],
    ) -> list[Seen]:  # fmt: skip
        score = {t.track_id: float(found.scores[t.observation]) for t in tracks if t.observation is not None}
        out = []
        for i, person in enumerate(people):
            vote = votes[i]
            label = "unknown" if vote is None else self.classifier.classes[int(vote.argmax())]
            participant = self.identity.people[states[i].person_id]
            marks = None if person.landmarks is None else person.landmarks.world_m
            out.append(Seen(participant, states[i], person.box_xyxy, score[person.track_id], poses[i],
                            joint_angles[i], label, marks))  # fmt: skip
        return out


def _place(pose: BodyPose, box: Floats) -> tuple[float, float] | None:
    """Hips across the picture and size of the body, px."""
    x, size = float(pose.joints_px[INDEX["pelvis"], 0]), float(np.hypot(*(box[2:] - box[:2])))
    return (x, size) if np.isfinite(x) and size > 1.0 else None


def build_pipeline(
    *, detector: str | Detector, regressor: str, landmarks: str, names: Sequence[Member | tuple[str, str | None]],
    catalogue: Catalogue,
    checkpoint: Path | None = None, body_model: Path | None = None,
) -> Pipeline:  # fmt: skip
    """The pipeline that the command line's words describe.

    Args:
        detector: ``yolo`` or ``blazepose``, or one that is there already.
        regressor: ``lifter`` or ``hmr``.
        landmarks: ``on`` (everybody in every frame), ``auto`` (within a budget) or ``off``.
        names: the roster.
        catalogue: the exercises.
        checkpoint: weights of ``hmr``.
        body_model: a file in SMPL's layout in place of the project's own body.
    """
    from groupcoach import runtime
    from groupcoach.detect import build_detector
    from groupcoach.mesh.body_model import BodyModel
    from groupcoach.mesh.regressor import build_regressor

    body = BodyModel(body_model) if body_model is not None else None
    bodies = build_regressor(regressor, body, checkpoint=checkpoint)  # first: it is what an option can be wrong about
    eyes = build_detector(detector) if isinstance(detector, str) else detector
    pipeline = Pipeline(
        eyes, Tracker(), Identity(names), LandmarkBudget(landmarks), bodies, Classifier(), catalogue,
    )  # fmt: skip
    runtime.calm_arrays()
    return pipeline
