"""What was wrong with the message of a fault, and who has to do what about it: read from `cures.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from .sides import both


@dataclass(frozen=True, slots=True)
class Cure:
    """What a fault did to its message, and what each side has to do: `sender` may be empty, or name a person.

    `rule` is the clause that the message breaks, where the fault tries a wider one.
    """

    wrong: str
    sender: str = ""
    receiver: str = ""
    rule: str = ""

    @property
    def hint(self) -> str:
        """What to do, each sentence with the side that it is for; without one for the receiver, it has to refuse.

        >>> Cure("The time is old.", "Send a new one.").hint
        'Sender: send a new one. Receiver: refuse it, as here.'
        """
        return both(self.sender, self.receiver)


@cache
def cures(platform: str) -> dict[str, Cure]:
    """Return the cure of every fault of a platform that must be refused, by the fault's name.

    >>> cures("retailcrm")["activity-numbers"].sender
    'Write true or false, without quotation marks.'
    """
    text = resources.files(__package__).joinpath("cures.toml").read_text("utf-8")
    return {name: Cure(**one) for name, one in tomllib.loads(text).get(platform, {}).items()}
