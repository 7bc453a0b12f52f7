"""The parameter, header and JSON names, in lower case, whose values a transcript of either side masks."""

SECRET = frozenset(
    {"apitoken", "apikey", "token", "apiclaim", "extendedclaim", "secret", "ticket", "hmac", "signature"}
)
