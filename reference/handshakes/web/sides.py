"""Advice with who it is for: each sentence begins with the side that has to do something."""

from __future__ import annotations

import re

REFUSE = "Receiver: refuse it, as here."
"""What a receiver has to do about a mistake of the sender's."""


def by(side: str, text: str) -> str:
    """Return a sentence that begins with who it is for; one that says so itself stays as it is.

    >>> by("Sender", "Write it in hex."), by("Sender", "Receiver: decode it first.")
    ('Sender: write it in hex.', 'Receiver: decode it first.')
    >>> by("Sender", "Both sides: keep the path.")
    'Sender and receiver: keep the path.'
    """
    text = re.sub("^Both sides: ", "Sender and receiver: ", text)
    if re.match("(Sender|Receiver|Sender and receiver|Whoever [a-z ]+): ", text):
        return text
    plain = re.match(r"[A-Z]([a-z]*\b(?![.(:])|(?= ))", text)
    return f"{side}: {text[0].lower() + text[1:] if plain else text}"


def both(sender: str = "", receiver: str = "") -> str:
    """Return what each of the two has to do; without a sentence for the receiver it has to refuse.

    >>> both("Answer sooner.", "Store nothing."), both("Use GET.")
    ('Sender: answer sooner. Receiver: store nothing.', 'Sender: use GET. Receiver: refuse it, as here.')
    """
    told = [by("Sender", sender)] if sender else []
    return " ".join([*told, by("Receiver", receiver) if receiver else REFUSE])


def named(text: str, sender: str, receiver: str) -> str:
    """Return advice with the names that the two sides have on the page.

    >>> named("Sender: write it in hex. Receiver: refuse it, as here.", "OfficeRnD", "partner")
    'Sender (OfficeRnD): write it in hex. Receiver (partner): refuse it, as here.'
    """
    text = re.sub("Sender and receiver:", f"Sender ({sender}) and receiver ({receiver}):", text)
    return text.replace("Sender:", f"Sender ({sender}):").replace("Receiver:", f"Receiver ({receiver}):")


def by_side(text: str) -> list[str]:
    """Return advice with a line for each side.

    >>> by_side("Sender (OfficeRnD): write it in hex. Receiver (partner): refuse it, as here.")
    ['Sender (OfficeRnD): write it in hex.', 'Receiver (partner): refuse it, as here.']
    """
    return re.split(r"\s+(?=(?:Sender|Receiver) \(|Whoever [a-z ]+: )", text.strip())
