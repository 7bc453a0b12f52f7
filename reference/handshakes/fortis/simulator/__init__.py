"""The platform's side: a simulator that can also misbehave on request, and that judges a partner clause by clause."""

from .platform import Fortis
from .records import Settings

__all__ = ["Fortis", "Settings"]
