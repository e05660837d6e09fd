"""``groupcoach run`` and ``groupcoach class``: one class from a source to its table."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from groupcoach.commands.console import complain, notice, say, show

RUNS = Path("runs")
"""Where a live class is recorded that names no other place."""

Source = Annotated[str, typer.Argument(help="A video file, a camera index such as 0, or an rtsp:// address.")]
Out = Annotated[Path | None, typer.Option("--out", help="Folder for the record of the run.")]
Roster = Annotated[Path | None, typer.Option("--roster", help="TOML file with names and spots.")]
Plan = Annotated[Path | None, typer.Option("--plan", help="TOML file with the exercises of the class.")]
Detector = Annotated[Literal["yolo", "blazepose"], typer.Option("--detector", help="Who finds the people.")]
Regressor = Annotated[Literal["lifter", "hmr"], typer.Option("--regressor", help="What makes the bodies.")]
Checkpoint = Annotated[Path | None, typer.Option("--checkpoint", help="Weights for --regressor hmr.")]
BodyModel = Annotated[
    Path | None, typer.Option("--body-model", help="A licensed SMPL file (.npz, .pkl) in place of our own body.")
]
LandmarksMode = Annotated[
    Literal["on", "off", "auto"] | None,
    typer.Option("--landmarks", help="The 3D landmark network; auto, but off with hmr, which does not look at it."),
]
Pace = Annotated[
    Literal["max", "live"], typer.Option("--pace", help="As fast as it goes, or in the time of the source.")
]
Voice = Annotated[bool, typer.Option("--voice/--no-voice", help="Speak the cues.")]
Language = Annotated[Literal["en", "ko"], typer.Option("--language", help="Of cues and cards.")]
SaveVideo = Annotated[bool, typer.Option("--save-video", help="Keep annotated.mp4 in the run folder.")]
SavePoses = Annotated[bool, typer.Option("--save-poses", help="Keep poses.npz in the run folder.")]
Db = Annotated[str | None, typer.Option("--db", help="Database address of the session record.")]
Serve = Annotated[bool, typer.Option("--serve/--no-serve", help="Serve the live picture and counts to a dashboard.")]
Listen = Annotated[
    str, typer.Option("--listen", help="Address for engine and dashboard, e.g. 0.0.0.0; needs `groupcoach password`.")
]
KeepDays = Annotated[
    int | None, typer.Option("--keep-days", min=1, help="Delete classes of this record that are older, first.")
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the class of that --out or --db that broke off.")]
Phones = Annotated[
    bool, typer.Option("--phones/--no-phones", help="Phones of this network may open their participant's own page.")
]


def run(
    source: Source,
    out: Out = None,
    roster: Roster = None,
    plan: Plan = None,
    detector: Detector = "yolo",
    regressor: Regressor = "lifter",
    landmarks: LandmarksMode = None,
    pace: Pace = "max",
    voice: Voice = False,
    language: Language = "en",
    save_video: SaveVideo = False,
    save_poses: SavePoses = False,
    db: Db = None,
    serve: Serve = False,
    checkpoint: Checkpoint = None,
    body_model: BodyModel = None,
    resume: Resume = False,
    phones: Phones = False,
) -> None:
    """Watch one class from a file, a camera or a stream; print who did what, how many, and what was wrong."""
    _run(source, out, roster, plan, detector, regressor, landmarks, pace, voice, language, save_video, save_poses, db,
         serve, dashboard=False, checkpoint=checkpoint, body_model=body_model, resume=resume,
         phones=phones)  # fmt: skip


def class_(
    source: Source = "0",
    out: Out = None,
    roster: Roster = None,
    plan: Plan = None,
    detector: Detector = "yolo",
    regressor: Regressor = "lifter",
    landmarks: LandmarksMode = None,
    pace: Pace = "live",
    voice: Voice = True,
    language: Language = "en",
    save_video: SaveVideo = False,
    save_poses: SavePoses = False,
    db: Db = None,
    serve: Serve = True,
    checkpoint: Checkpoint = None,
    body_model: BodyModel = None,
    resume: Resume = False,
    listen: Listen = "127.0.0.1",
    keep_days: KeepDays = None,
    phones: Phones = False,
) -> None:
    """The same, live: engine and dashboard together, until stopped (Ctrl-C).

    Without --out and --db the record goes to a new folder under runs/; --resume then takes the newest that broke off.
    """
    from groupcoach.serve.access import kept_hash
    from groupcoach.serve.guard import is_loopback

    if not is_loopback(listen):
        kept_hash()  # said before anything is loaded
    if keep_days is not None:
        from groupcoach.commands.people import forget_older

        forget_older(keep_days, db, RUNS if out is None else out)
    if out is None and db is None:
        out = _broken_off() if resume else RUNS / f"class_{datetime.now():%Y-%m-%d_%H%M%S}"
    _run(source, out, roster, plan, detector, regressor, landmarks, pace, voice, language, save_video, save_poses, db,
         serve, dashboard=True, checkpoint=checkpoint, body_model=body_model, resume=resume, listen=listen,
         phones=phones)  # fmt: skip


def _broken_off() -> Path:
    """The newest folder under runs/ whose class did not come to its end."""
    from groupcoach.errors import RecordError
    from groupcoach.store.session import SessionStore

    for record in sorted(RUNS.glob("*/session.db"), key=lambda p: p.stat().st_mtime, reverse=True):
        store = SessionStore(f"sqlite:///{record}")
        try:
            if any(not s["finished"] for s in store.sessions()):
                return record.parent
        finally:
            store.close()
    raise RecordError(f"No class under {RUNS}/ has broken off. Give the --out or --db of the one to go on with.")


def _run(source: str, out: Path | None, roster: Path | None, plan: Path | None, detector: str, regressor: str,
         landmarks: str | None, pace: str, voice: bool, language: str, save_video: bool, save_poses: bool,
         db: str | None, serve: bool, dashboard: bool, checkpoint: Path | None,
         body_model: Path | None, resume: bool, phones: bool, listen: str = "127.0.0.1") -> None:  # fmt: skip
    if out is None and (save_video or save_poses):
        raise typer.BadParameter("--save-video and --save-poses write into the run folder: give --out DIR too.")
    from groupcoach.engine import RunOptions, run_class
    from groupcoach.store.report import headline, terminal_table

    result = run_class(RunOptions(
        source=source, out=out, roster=roster, plan=plan, detector=detector, regressor=regressor,
        landmarks=landmarks or ("off" if regressor == "hmr" else "auto"), pace=pace, voice=voice, language=language,
        save_video=save_video, save_poses=save_poses, db=db, serve=serve, dashboard=dashboard,
        progress=sys.stderr.isatty(), checkpoint=checkpoint, body_model=body_model, resume=resume,
        phones=phones, listen=listen,
    ))  # fmt: skip
    for text in result.notices:
        notice(text)
    say(headline(result.summary))
    show(terminal_table(result.summary))
    if out is not None:
        say(f"Recorded in {out}")
    if result.error is not None:
        complain(str(result.error))
        raise typer.Exit(1)
    if result.summary.get("stopped") and not dashboard:  # a live class has no other end
        raise typer.Exit(130)
