"""What tax needs of the outside."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class RegisterAnswer:
    """What a register says of a VAT id; `proof` is its number of this consultation, where it gives one."""

    valid: bool
    proof: str | None = None
    name: str | None = None
    address: str | None = None


class VatRegister(Protocol):
    """A register of VAT ids, such as the European Commission's VIES."""

    name: str

    async def check(self, vat_id: str, *, requester: str | None = None) -> RegisterAnswer:
        """Ask about a VAT id (compact, with its state's letters) in the name of `requester`'s, where one is given.

        Raises `RegisterAway` when there is no answer: that says nothing of the VAT id.
        """
        ...
