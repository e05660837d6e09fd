"""A class that never existed, with exact truth: people who exercise, rendered into a video.

``motion`` makes joint rotations (numpy only), ``people`` looks, ``scene`` the room and the camera, ``render`` pictures,
``truth`` the files beside the video, ``command`` the whole of it for the command line.
"""
