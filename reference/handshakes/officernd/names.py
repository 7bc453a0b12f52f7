"""The parameter, header and JSON names, in lower case, whose values a transcript of either side masks."""

SECRET = frozenset({"code", "access_token", "refresh_token", "secret", "token"})
