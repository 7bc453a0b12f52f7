"""OfficeRnD: the partner integration that an admin connects, and the platform that signs its requests."""

from .signing import SignedQuery, SignedWebhook, sign_query, sign_webhook, verify_query, verify_webhook

__all__ = ["SignedQuery", "SignedWebhook", "sign_query", "sign_webhook", "verify_query", "verify_webhook"]
