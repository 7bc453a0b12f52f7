"""Why something was refused: what was pasted, the slips of all platforms, the first differing byte, the probe.

Pure: ciphers are passed in, and nothing here reads a clock, a file or the network. Nothing here accepts a
request either; `signing` of the platform does.
"""

from .answer import Answer
from .explaining import explain

__all__ = ["Answer", "explain"]
