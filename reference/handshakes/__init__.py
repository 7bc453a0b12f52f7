"""Handshakes: four marketplace handshakes, both sides, as one executable guide.

>>> from handshakes import Refused, officernd
>>> officernd.sign_query([("slug", "test-slug"), ("locations", "")],
...                      secret="example-integration-secret", timestamp=1648190384)[-8:]
'495312b4'
"""

from .core.refusals import Refused

__version__ = "0.1.0"
__all__ = ["Refused", "__version__"]
