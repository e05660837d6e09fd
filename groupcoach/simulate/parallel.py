"""Frames painted by several processes, in order, the same whatever their number.

A worker is a fresh interpreter that imports this file, nothing of the caller's program: it is safe to start from a
script, a test or a process with threads. It ends when its input does, so it never outlives the caller.
"""

from __future__ import annotations

import os
import pickle
import queue
import subprocess
import sys
import threading
import traceback
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from groupcoach.simulate.painter import Chunk, Painted, Painter

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def paint_all(painter: Painter, chunks: Iterable[Chunk], jobs: int) -> Generator[Painted, None, None]:
    """The frames of all chunks, in order.

    Args:
        painter: Draws them.
        chunks: Taken as they are needed.
        jobs: Processes; 1 paints in this one.

    Raises:
        RuntimeError: a worker failed; the message carries its traceback.
    """
    if jobs <= 1:
        for chunk in chunks:
            yield from painter.paint(chunk)
        return
    source = iter(chunks)
    workers: list[_Worker] = []
    try:
        while len(workers) < jobs:  # one by one: those that started are stopped if the next fails
            workers.append(_Worker(painter))
        # Two chunks a worker: one being painted, one waiting. Their order is the order of the frames.
        waiting: deque[_Worker] = deque()
        for turn in range(2 * jobs):
            _give(source, workers[turn % jobs], waiting)
        while waiting:
            worker = waiting.popleft()
            yield from worker.frames()
            _give(source, worker, waiting)
    finally:
        for worker in workers:
            worker.stop()


def _give(source: Iterator[Chunk], worker: _Worker, waiting: deque[_Worker]) -> None:
    chunk = next(source, None)
    if chunk is not None:
        worker.send(chunk)
        waiting.append(worker)


class _Worker:
    def __init__(self, painter: Painter) -> None:
        package = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from groupcoach.simulate.parallel import work; work()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **dict.fromkeys(_ONE_THREAD, "1"), "PYTHONPATH": path},
        )
        self.orders: queue.SimpleQueue[Any] = queue.SimpleQueue()
        # A painted chunk may wait here while another worker's is read.
        self.answers: queue.Queue[Any] = queue.Queue(maxsize=64)
        self.stopped = threading.Event()
        self.threads = [threading.Thread(target=f, daemon=True) for f in (self._write, self._read)]
        for thread in self.threads:
            thread.start()
        self.send(painter)

    def send(self, order: Any) -> None:
        self.orders.put(order)

    def frames(self) -> Iterator[Painted]:
        """The frames of the oldest chunk that was sent."""
        while True:
            kind, value = self.answers.get()
            if kind == "end":
                return
            if kind == "error":
                raise RuntimeError(f"A renderer's worker failed: {value}")
            yield value

    def stop(self) -> None:
        """Ends the process and waits for it; harmless if it has ended."""
        self.stopped.set()
        self.orders.put(None)
        self.process.kill()
        self.process.wait()
        with suppress(queue.Empty):  # room for the reader, which may be waiting for some
            while True:
                self.answers.get_nowait()
        for thread in self.threads:
            thread.join(5)
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()

    def _write(self) -> None:
        assert self.process.stdin is not None
        try:
            while (order := self.orders.get()) is not None and not self.stopped.is_set():
                pickle.dump(order, self.process.stdin, protocol=5)
                self.process.stdin.flush()
        except OSError:
            pass  # the reader tells that the process has ended
        except Exception as error:
            # An order that cannot be sent: the worker waits for it, and the caller for the worker.
            with suppress(queue.Full):
                self.answers.put_nowait(("error", repr(error)))

    def _read(self) -> None:
        assert self.process.stdout is not None
        while not self.stopped.is_set():
            try:
                answer = pickle.load(self.process.stdout)
            except EOFError:
                answer = ("error", f"it ended with status {self.process.wait()}.")
            except Exception as error:  # half an answer fails in many ways, and the caller waits for one
                answer = ("error", repr(error))
                if self.stopped.is_set():
                    return
            while not self.stopped.is_set():
                with suppress(queue.Full):
                    self.answers.put(answer, timeout=0.2)
                    break
            if answer[0] == "error":
                return


def work() -> None:
    """The life of a worker: a painter on standard input, then chunks; ("frame", Painted) and ("end", None) out."""
    import signal

    import cv2

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the caller decides
    cv2.setNumThreads(1)
    source: BinaryIO = sys.stdin.buffer
    # Whatever a library prints must not get between the answers.
    sink = os.fdopen(os.dup(1), "wb", buffering=1 << 20)
    os.dup2(2, 1)

    def answer(kind: str, value: Any) -> None:
        pickle.dump((kind, value), sink, protocol=5)
        sink.flush()

    try:
        painter: Painter = pickle.load(source)
        while True:
            for painted in painter.paint(pickle.load(source)):
                answer("frame", painted)
            answer("end", None)
    except (EOFError, BrokenPipeError):
        os._exit(0)
    except Exception:
        with suppress(OSError):
            answer("error", traceback.format_exc())
        os._exit(1)
