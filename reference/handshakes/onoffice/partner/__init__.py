"""The partner's side: the provider, which an integrator writes."""

from .configuration import Configuration
from .integration import Provider

__all__ = ["Configuration", "Provider"]
