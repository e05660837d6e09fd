"""A real RTSP server of one H.264 file, for trials: ``/usr/bin/python3 rtsp_server.py FILE PORT``.

Needs Debian's python3-gi, gir1.2-gst-rtsp-server-1.0 and gstreamer1.0-plugins-{base,good,bad}; runs under the system's
own Python, which has them.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402


def main() -> None:
    path, port = sys.argv[1], sys.argv[2]
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_service(port)
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(f'( filesrc location="{path}" ! qtdemux ! h264parse ! rtph264pay name=pay0 config-interval=1 )')
    factory.set_shared(True)
    server.get_mount_points().add_factory("/class", factory)
    server.attach(None)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
