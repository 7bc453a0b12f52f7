"""onOffice enterprise: the marketplace whose popup loads a provider's iframe, and the provider that is activated."""

from .signing import SignedUrl, api_hmac, sign_url, string_to_sign, verify_url

__all__ = ["SignedUrl", "api_hmac", "sign_url", "string_to_sign", "verify_url"]
