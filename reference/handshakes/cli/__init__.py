"""The `handshakes` command, one module for each of its commands."""
