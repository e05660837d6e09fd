"""Speed and memory of the whole line, and others' meshes, whole lines and trackers beside ours."""
