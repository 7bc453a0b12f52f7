"""The partner's side: the partner integration, which an integrator writes."""

from .configuration import Configuration
from .integration import PartnerIntegration

__all__ = ["Configuration", "PartnerIntegration"]
