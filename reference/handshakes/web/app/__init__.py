"""The partner's app as a person sees it: its pages in one layout, and the operator's page.

The handlers are each platform's `partner`; nothing in here decides what is accepted.
"""

from .pages import PartnerApp

__all__ = ["PartnerApp"]
