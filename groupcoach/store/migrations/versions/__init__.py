"""One file a step, in order; a step that was published is never changed."""
