"""The engine's window to the world: a board it publishes on, and an HTTP interface that reads the board."""
