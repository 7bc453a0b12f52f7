"""The parameter, header and JSON names, in lower case, whose values a transcript of either side masks."""

SECRET = frozenset({
    "data", "access-token", "hmac", "key", "email", "ticket", "code", "state", "code_verifier",
    "token", "access_token", "refresh_token", "developer-id",
})  # fmt: skip
