"""The platform's side: a simulator that can also misbehave on request, and that judges a partner clause by clause."""

from .platform import RetailCRM
from .records import Settings

__all__ = ["RetailCRM", "Settings"]
