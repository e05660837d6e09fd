"""Observations -> tracks (one body through the picture) -> participants (one person through the class)."""
