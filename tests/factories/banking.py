"""Bank statements in camt.053, in the words of two of its versions."""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import escape

_AT = "<CreDtTm>2026-06-15T20:00:00Z</CreDtTm>"
IBAN = "DE89370400440532013000"


@dataclass(frozen=True)
class Booked:
    """A movement as a bank tells it; minor units."""

    reference: str
    amount: int
    purpose: str = ""
    name: str = "Greta Fock"
    end_to_end: str = "NOTPROVIDED"
    status: str = "BOOK"


def _money(amount: int) -> str:
    side = "CRDT" if amount >= 0 else "DBIT"
    return f'<Amt Ccy="EUR">{abs(amount) // 100}.{abs(amount) % 100:02}</Amt><CdtDbtInd>{side}</CdtDbtInd>'


def _balance(code: str, amount: int, day: str) -> str:
    return f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{_money(amount)}<Dt><Dt>{day}</Dt></Dt></Bal>"


def _details(entry: Booked, version: int, *, amount: bool = False) -> str:
    side = "Dbtr" if entry.amount >= 0 else "Cdtr"
    party = f"<Nm>{escape(entry.name)}</Nm>"
    party = f"<Pty>{party}</Pty>" if version >= 8 else party
    part = f"<AmtDtls><TxAmt><Amt Ccy='EUR'>{abs(entry.amount) / 100:.2f}</Amt></TxAmt></AmtDtls>" if amount else ""
    purpose = f"<RmtInf><Ustrd>{escape(entry.purpose)}</Ustrd></RmtInf>" if entry.purpose else ""
    return (
        f"<TxDtls><Refs><EndToEndId>{entry.end_to_end}</EndToEndId></Refs>{part}<RltdPties><{side}>{party}</{side}>"
        f"<{side}Acct><Id><IBAN>DE02120300000000202051</IBAN></Id></{side}Acct></RltdPties>"
        f"{purpose}</TxDtls>"
    )


def _entry(reference: str, amount: int, status: str, details: str, version: int, day: str) -> str:
    said = f"<Sts><Cd>{status}</Cd></Sts>" if version >= 8 else f"<Sts>{status}</Sts>"
    return (
        f"<Ntry>{_money(amount)}{said}<BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt>"
        f"<AcctSvcrRef>{reference}</AcctSvcrRef><BkTxCd><Prtry><Cd>166</Cd></Prtry></BkTxCd><NtryDtls>{details}</NtryDtls></Ntry>"
    )


def camt(
    reference: str, *entries: Booked, opening: int = 10_000, closing: int | None = None, version: int = 8,
    batch: tuple[Booked, ...] = (), iban: str = IBAN, day: str = "2026-06-15",
) -> str:  # fmt: skip
    """A statement of these entries, and of one more that is a batch of several."""
    told = "".join(
        _entry(each.reference, each.amount, each.status, _details(each, version), version, day) for each in entries
    )
    if batch:
        parts = "".join(_details(each, version, amount=True) for each in batch)
        told += _entry("BATCH", sum(each.amount for each in batch), "BOOK", parts, version, day)
    total = opening + sum(each.amount for each in (*entries, *batch) if each.status == "BOOK")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version:02}">'
        f"<BkToCstmrStmt><GrpHdr><MsgId>M</MsgId>{_AT}</GrpHdr>"
        f"<Stmt><Id>{reference}</Id>{_AT}<Acct><Id><IBAN>{iban}</IBAN></Id>"
        f"<Ccy>EUR</Ccy></Acct>{_balance('OPBD', opening, day)}"
        f"{_balance('CLBD', total if closing is None else closing, day)}{told}</Stmt></BkToCstmrStmt></Document>"
    )
