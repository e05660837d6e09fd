"""The instructor's pages: they look at the engine (or at a finished run) and never run inference."""
