"""The partner's side: the module, which an integrator writes."""

from .configuration import Configuration
from .integration import Module

__all__ = ["Configuration", "Module"]
