"""The record of a class in a database (``session``)."""
