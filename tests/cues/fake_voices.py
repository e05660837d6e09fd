"""Voice processes that behave in one way each. Small: a process imports nothing else."""

import contextlib
import os
import time


def polite(pipe, setup):
    pipe.send(("ready",))
    while True:
        try:
            pipe.recv()
        except EOFError:
            return
        pipe.send(("began", 0.0))
        pipe.send(("done",))


def slow(pipe, setup):
    """Says everything for two seconds, unless told to stop."""
    pipe.send(("ready",))
    try:
        while True:
            pipe.recv()
            pipe.send(("began", 2.0))
            for _ in range(20):
                if pipe.poll(0.1):
                    pipe.recv()
                    pipe.send(("stopped",))
                    break
                pipe.send(("beat",))
            else:
                pipe.send(("done",))
    except (EOFError, OSError):
        return


def missing(pipe, setup):
    pipe.send(("silent", "No speech engine on this machine"))


def dies_when_spoken_to(pipe, setup):
    pipe.send(("ready",))
    pipe.recv()
    os._exit(3)


def fails_once(pipe, setup):
    """The first life ends as ``setup.language`` says; the next one speaks."""
    flag = setup.choices["flag"].voice
    if os.path.exists(flag):
        polite(pipe, setup)
        return
    open(flag, "w").close()
    pipe.send(("ready",))
    pipe.recv()
    if setup.choices["flag"].output == "die":
        os._exit(3)
    time.sleep(60)


def never_ready(pipe, setup):
    with contextlib.suppress(EOFError):
        pipe.recv()


def no_sound(pipe, setup):
    pipe.send(("ready",))
    while True:
        try:
            pipe.recv()
        except EOFError:
            return
        pipe.send(("failed", "device busy"))
