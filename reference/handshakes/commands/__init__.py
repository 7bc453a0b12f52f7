"""The commands of `handshakes`, one module each."""
