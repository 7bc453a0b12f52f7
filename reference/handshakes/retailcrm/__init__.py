"""RetailCRM (Simla): the module that a user connects with one click, and the CRM that registers it."""

from .signing import Registration, canonical_system_url, registration_token, verify_registration

__all__ = ["Registration", "canonical_system_url", "registration_token", "verify_registration"]
