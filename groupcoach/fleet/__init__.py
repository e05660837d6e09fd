"""Several rooms: an engine each, on this machine (``local``) or over a Ray cluster (``cluster``), one page for all."""
