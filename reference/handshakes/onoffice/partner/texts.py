"""What the provider's pages say to users, in German and English.

A text never holds a key, a token or a claim, nor anything that came with a request.
"""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "en": {
        "title": "Activate the example provider",
        "customer": "Customer",
        "key": "API key",
        "paste": "Paste the API key here",
        "privacy": "I have read the privacy policy and agree to it.",
        "button": "Activate now",
        "done": "Active",
        "sending": "One moment …",
        "failed": "The provider did not answer. Please try again.",
        "closed-title": "This page could not be opened",
        "closed": "Please open it from the marketplace again.",
        "no-token": "The address of this page came without a token. Please open it from the marketplace again.",
        "not-active": "This provider is not active. An administrator can activate it in the marketplace.",
        "service-title": "Example service",
        "service-failed": "The data could not be read. Please open the service again.",
        "ended": "The provider was blocked. An administrator can activate it again in the marketplace.",
        "error-privacy": "Please agree to the privacy policy first.",
        "error-empty-key": "Please paste the API key first.",
        "error-key": "The API key is not right. Please copy it again.",
        "error-page": "This page is too old. Please close it and open the provider again.",
        "error-claim": "The activation has run out. Please close this page and open the provider again.",
        "error-clock": "A clock is wrong on our side. Please try again later.",
        "error-user": "The customer or its API user is not valid. Please close this page and open the provider again.",
        "error-unreachable": "onOffice did not answer. If the marketplace shows this provider as active, block it first; then activate it again.",
        "error-other": "The activation failed. Please try again or write to us.",
    },
    "de": {
        "title": "Beispielanbieter freischalten",
        "customer": "Kunde",
        "key": "API-Key",
        "paste": "API-Key hier einfügen",
        "privacy": "Ich habe die Datenschutzerklärung gelesen und stimme ihr zu.",
        "button": "Jetzt freischalten",
        "done": "Aktiv",
        "sending": "Einen Moment …",
        "failed": "Der Anbieter hat nicht geantwortet. Bitte noch einmal versuchen.",
        "closed-title": "Diese Seite lässt sich nicht öffnen",
        "closed": "Bitte öffnen Sie sie noch einmal aus dem Marketplace.",
        "no-token": "Die Adresse dieser Seite kam ohne Token. Bitte öffnen Sie sie noch einmal aus dem Marketplace.",
        "not-active": "Dieser Anbieter ist nicht aktiv. Ein Administrator kann ihn im Marketplace freischalten.",
        "service-title": "Beispieldienst",
        "service-failed": "Die Daten ließen sich nicht lesen. Bitte öffnen Sie den Dienst noch einmal.",
        "ended": "Der Anbieter wurde gesperrt. Ein Administrator kann ihn im Marketplace wieder freischalten.",
        "error-privacy": "Bitte stimmen Sie zuerst der Datenschutzerklärung zu.",
        "error-empty-key": "Bitte fügen Sie zuerst den API-Key ein.",
        "error-key": "Der API-Key stimmt nicht. Bitte kopieren Sie ihn noch einmal.",
        "error-page": "Diese Seite ist zu alt. Bitte schließen Sie sie und öffnen Sie den Anbieter noch einmal.",
        "error-claim": "Die Freischaltung ist abgelaufen. Bitte schließen Sie diese Seite und öffnen Sie den Anbieter noch einmal.",
        "error-clock": "Auf unserer Seite geht eine Uhr falsch. Bitte später noch einmal versuchen.",
        "error-user": "Der Kunde oder sein API-Benutzer ist nicht gültig. Bitte schließen Sie diese Seite und öffnen Sie den Anbieter noch einmal.",
        "error-unreachable": "onOffice hat nicht geantwortet. Zeigt der Marketplace den Anbieter als aktiv, sperren Sie ihn bitte zuerst; dann schalten Sie ihn noch einmal frei.",
        "error-other": "Die Freischaltung ist fehlgeschlagen. Bitte noch einmal versuchen oder uns schreiben.",
    },
}
"""The texts by language and name; both languages have the same names."""

BY_CODE: dict[int, str] = {
    **dict.fromkeys((49, 137), "error-key"),
    **dict.fromkeys((22, 40, 41, 42, 43, 48, 153), "error-user"),
    **dict.fromkeys((177, 178, 201), "error-claim"),
    136: "error-clock",
}
"""Which text tells the user of an error code; any other is `error-other`."""


def language(accepted: str) -> str:
    """Return `de` or `en`, whichever an `accept-language` header names first; German where it names neither.

    >>> language("fr-FR, en-GB;q=0.8, de;q=0.5"), language("")
    ('en', 'de')
    """
    for piece in accepted.split(","):
        tag = piece.strip()[:2].lower()
        if tag in TEXTS:
            return tag
    return "de"
