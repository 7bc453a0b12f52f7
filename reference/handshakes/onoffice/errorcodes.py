"""The error codes of onOffice's API that a provider meets, in our own words.

The numbers are those of the API; what each means is told here for the operator; what a
user reads is in `texts.py`.
"""

from __future__ import annotations

UNNAMED, ACTION_FAILED = 1, 97
ENDED = frozenset({22, 48})
"""Codes after which the provider's API user is taken to be gone (DOC-BLOCK names none; inferred)."""

ERRORS: dict[int, str] = {
    UNNAMED: "something went wrong that the API does not name",
    4: "the body is not JSON",
    6: "the JSON has a mistake in its syntax",
    9: "the request has no body",
    13: "the token is missing",
    14: "the member request is missing",
    15: "the list of actions is missing",
    16: "an action has no actionid",
    17: "an actionid is empty",
    18: "an action has no resourceid",
    19: "an action has no resourcetype",
    20: "an action has no parameters",
    21: "a parameter has an empty name",
    22: "the API does not know this user, or no longer",
    23: "there is no such action id",
    24: "there is no such resource id",
    25: "there is no such resource type",
    40: "the user's credentials are not valid",
    41: "the API does not know this customer",
    42: "the customer's version is switched off",
    43: "the API does not know this user name",
    48: "the client's access was taken back",
    49: "the secret is another one",
    80: "there is no such record, or no right to see it",
    ACTION_FAILED: "an action failed; its own status says why",
    136: "the timestamp lies outside of 120 seconds, or a clock is wrong",
    137: "the HMAC is wrong: another key, or another text was signed",
    153: "there is no valid data for the token",
    156: "this is not permitted",
    158: "calls from this address are not permitted",
    167: "a parameter is missing",
    174: "the right to change records is missing",
    175: "the version of the customer could not be entered",
    176: "the user's rights could not be taken on",
    177: "there is no entry in the parameter cache, or no longer",
    178: "the entry of the parameter cache lacks what the call needs",
    183: "the user gave no access",
    193: "extendedclaim is missing, empty or cannot be used",
    201: "extendedclaim is too old",
    240: "a marketplace's API user may not make this call",
    243: "the HMAC is wrong: a number has to be sent as text",
    248: "extendedclaim does not fit this call",
    255: "a parameter has a value that it cannot have",
}
"""By code; the full list of the API has many more, which a provider does not meet."""


def meaning(code: int) -> str:
    """Return what a code means, in our words.

    >>> meaning(137)
    'the HMAC is wrong: another key, or another text was signed'
    """
    return ERRORS.get(code, "a code that is not on our list" if code else "no error")
