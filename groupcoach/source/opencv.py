"""OpenCV's video reader without its chatter: the only place from which the sources take ``cv2``.

What goes wrong is said by us in one paragraph; OpenCV's and FFmpeg's own lines on standard error would stand between
a person and that paragraph. Set ``OPENCV_LOG_LEVEL`` or ``OPENCV_FFMPEG_LOGLEVEL`` to hear them.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # AV_LOG_QUIET; read when the first file is opened

import cv2  # after the variable above

if "OPENCV_LOG_LEVEL" not in os.environ:
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

__all__ = ["cv2"]
