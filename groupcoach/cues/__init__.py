"""Who is told what, when (``policy``, pure), and the voice that says it (``speaker``, its own process)."""
