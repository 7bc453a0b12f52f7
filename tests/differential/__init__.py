"""The package against programs in other languages, over many random questions; `run` is the command."""
