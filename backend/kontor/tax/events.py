"""What happens to VAT ids. The stream is the VAT id's."""

from dataclasses import dataclass

from kontor.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class VatIdConfirmed(Event):
    """The register knows the VAT id, which was not known to it or not asked for before."""

    number: str
    proof: str | None


@dataclass(frozen=True, kw_only=True)
class VatIdRefused(Event):
    """The register does not know the VAT id: orders placed from now on are taxed as if there were none."""

    number: str
    proof: str | None
