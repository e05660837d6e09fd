"""``groupcoach demo``: the sample class beside its truth, then two real people."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from groupcoach.commands.console import complain, notice, say, show

SAMPLE = Path(__file__).resolve().parent.parent.parent / "sample_videos"
RUNS = Path("runs")


def demo() -> None:
    """Run the sample class and compare it with its truth, then run the clip of two real people."""
    from groupcoach import assets
    from groupcoach.engine import RunOptions, run_class
    from groupcoach.errors import AssetError
    from groupcoach.evaluate.run import equals_truth, evaluate_run, run_table
    from groupcoach.store.report import headline, terminal_table

    sample, truth = SAMPLE / "class.mp4", SAMPLE / "truth.json"
    if not sample.exists() or not truth.exists():
        raise AssetError(f"The sample class is not in {SAMPLE}. Run the demo from a full checkout of groupcoach.")
    video = assets.locate("two_people")  # before the long part: a missing file should not cost a minute

    def watch(source: Path, out: Path) -> None:
        result = run_class(RunOptions(
            source=str(source), out=out, roster=None, plan=None, detector="yolo", regressor="lifter", landmarks="auto",
            pace="max", voice=False, language="en", save_video=True, save_poses=False, db=None, serve=False,
            dashboard=False, progress=sys.stderr.isatty(),
        ))  # fmt: skip
        for text in result.notices:
            notice(text)
        say(headline(result.summary))
        show(terminal_table(result.summary))
        if result.error is not None:
            raise result.error
        if result.summary.get("stopped"):
            raise KeyboardInterrupt

    say("1. The sample class: rendered people, so the truth is exact.")
    watch(sample, RUNS / "demo_class")
    result = evaluate_run(RUNS / "demo_class", truth)
    say("Beside its truth:")
    show(run_table(result))
    equal = equals_truth(result)
    say(f"equals its truth: {'yes' if equal else 'no'}")

    say("2. Two real people outdoors: one does jumping jacks on a roof and leaps off it, one walks past.")
    watch(_clip(video), RUNS / "demo_two_people")

    say("Open the dashboard on the sample class:  make dashboard")
    say(f"Annotated videos: {RUNS / 'demo_class' / 'annotated.mp4'}, {RUNS / 'demo_two_people' / 'annotated.mp4'}")
    if not equal:
        complain("The table of the sample class differs from its truth: please report this machine and this output.")
        raise typer.Exit(1)


def _clip(path: Path) -> Path:
    """The video itself, also when the sample is a folder."""
    return path if path.is_file() else sorted(path.rglob("*.mp4"))[0]
