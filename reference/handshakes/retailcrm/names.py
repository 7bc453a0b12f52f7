"""The parameter, header and JSON names, in lower case, whose values a transcript of either side masks."""

SECRET = frozenset({"apikey", "x-api-key", "token", "clientid"})
