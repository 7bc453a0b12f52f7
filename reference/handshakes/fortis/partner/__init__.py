"""The partner's side: the app, which an integrator writes."""

from .configuration import Configuration
from .integration import App

__all__ = ["App", "Configuration"]
