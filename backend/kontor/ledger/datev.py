"""DATEV's format for batches of bookings (EXTF, header version 700, format version 13: 125 fields). Pure.

The record structure is published at developer.datev.de, "DATEV-Format": texts in quotation marks, numbers without,
comma before the two decimals, lines ended by CR LF. The year of a booking is not in its row: it follows from the
beginning of the fiscal year in the header, so a file holds bookings of one fiscal year.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from kontor.core.money import minor_digits
from kontor.ledger.booking import Row

MOST_ROWS = 99_999
ENCODING = "cp1252"
_TEXT = {
    "Soll/Haben-Kennzeichen", "WKZ Umsatz", "WKZ Basis-Umsatz", "BU-Schlüssel", "Belegfeld 1", "Belegfeld 2",
    "Buchungstext", "Diverse Adressnummer", "Beleglink", "KOST1 - Kostenstelle", "KOST2 - Kostenstelle",
    "EU-Land u. UStID (Bestimmung)", "Abw. Versteuerungsart", "Auftragsnummer", "Buchungstyp",
    "EU-Land (Anzahlungen)", "Forderungsart", "Herkunft-Kz", "Buchungs GUID", "SEPA-Mandatsreferenz",
    "Gesellschaftername", "Identifikationsnummer", "Zeichnernummer", "Bezeichnung SoBil-Sachverhalt",
    "Generalumkehr (GU)", "Land", "Abrechnungsreferenz", "EU-Land u. UStID (Ursprung)",
}  # fmt: skip
COLUMNS: tuple[str, ...] = (
    "Umsatz (ohne Soll/Haben-Kz)", "Soll/Haben-Kennzeichen", "WKZ Umsatz", "Kurs", "Basis-Umsatz",
    "WKZ Basis-Umsatz", "Konto", "Gegenkonto (ohne BU-Schlüssel)", "BU-Schlüssel", "Belegdatum", "Belegfeld 1",
    "Belegfeld 2", "Skonto", "Buchungstext", "Postensperre", "Diverse Adressnummer", "Geschäftspartnerbank",
    "Sachverhalt", "Zinssperre", "Beleglink",
    *(f"Beleginfo - {what} {number}" for number in range(1, 9) for what in ("Art", "Inhalt")),
    "KOST1 - Kostenstelle", "KOST2 - Kostenstelle", "Kost-Menge", "EU-Land u. UStID (Bestimmung)",
    "EU-Steuersatz (Bestimmung)", "Abw. Versteuerungsart", "Sachverhalt L+L", "Funktionsergänzung L+L",
    "BU 49 Hauptfunktionstyp", "BU 49 Hauptfunktionsnummer", "BU 49 Funktionsergänzung",
    # DATEV itself writes these twenty pairs with and without a blank.
    *(name for number in range(1, 21)
      for name in (f"Zusatzinformation - Art {number}", f"Zusatzinformation- Inhalt {number}")),
    "Stück", "Gewicht", "Zahlweise", "Forderungsart", "Veranlagungsjahr", "Zugeordnete Fälligkeit", "Skontotyp",
    "Auftragsnummer", "Buchungstyp", "USt-Schlüssel (Anzahlungen)", "EU-Land (Anzahlungen)",
    "Sachverhalt L+L (Anzahlungen)", "EU-Steuersatz (Anzahlungen)", "Erlöskonto (Anzahlungen)", "Herkunft-Kz",
    "Buchungs GUID", "KOST-Datum", "SEPA-Mandatsreferenz", "Skontosperre", "Gesellschaftername",
    "Beteiligtennummer", "Identifikationsnummer", "Zeichnernummer", "Postensperre bis",
    "Bezeichnung SoBil-Sachverhalt", "Kennzeichen SoBil-Buchung", "Festschreibung", "Leistungsdatum",
    "Datum Zuord. Steuerperiode", "Fälligkeit", "Generalumkehr (GU)", "Steuersatz", "Land", "Abrechnungsreferenz",
    "BVV-Position", "EU-Land u. UStID (Ursprung)", "EU-Steuersatz (Ursprung)", "Abw. Skontokonto",
)  # fmt: skip
_TEXT |= {name for name in COLUMNS if name.startswith(("Beleginfo", "Zusatzinformation"))}
_NAMES = {
    "INVOICE": "Rechnung", "CREDIT_NOTE": "Gutschrift", "CAPTURE": "Zahlungseinzug", "RECEIPT": "Zahlungseingang",
    "WITHDRAWAL": "Storno Zahlungseingang",
    "REFUND": "Erstattung", "CHARGEBACK": "Rückbelastung", "CHARGEBACK_LOSS": "Verlust aus Rückbelastung",
    "REINSTATEMENT": "Rückbelastung abgewehrt", "LOSS_RECOVERED": "Verlust zurückerhalten",
    "DISPUTE_FEE": "Gebühr Rückbelastung", "REFUND_RETURNED": "Erstattung zurückgekommen",
    "REFUND_REPAID": "Erstattung erneut gezahlt", "GATEWAY_PAYOUT": "Auszahlung Zahlungsdienst",
    "PAYOUT_ARRIVED": "Eingang Auszahlung", "PAYOUT_UNDONE": "Storno Eingang Auszahlung",
    "SUSPENDED": "Ungeklärter Zahlungseingang", "EXPLAINED": "Zahlungseingang geklärt",
    "CARD_EXPIRED": "Gutschein verfallen", "GOODWILL_VOUCHER": "Kulanzgutschein",
    "CONVERSION": "Währungsumrechnung", "RECONCILED": "Abstimmung Auszahlung",
    "DUNNING_FEE": "Mahngebühr", "FEE_PAID": "Zahlung Mahngebühr", "FEE_WAIVED": "Erlass Mahngebühr",
    "FEE_WITHDRAWN": "Storno Zahlung Mahngebühr", "WRITE_OFF": "Ausbuchung Forderung",
    "WRITE_OFF_REVERSED": "Eingang ausgebuchte Forderung",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Batch:
    """What the header says. Numbers and account length as the accounting firm keeps them."""

    consultant: int
    client: int
    fiscal_year: date
    account_length: int
    since: date
    until: date
    name: str
    currency: str
    chart: str
    locked: bool
    created: datetime


def fiscal_year_of(day: date, month: int) -> date:
    """The first day of the fiscal year that begins in `month` and holds a day."""
    return date(day.year if day.month >= month else day.year - 1, month, 1)


def head(batch: Batch) -> bytes:
    """The header and the names of the fields. Its length does not depend on the days of the bookings."""
    return f"{_header(batch)}\r\n{';'.join(COLUMNS)}\r\n".encode(ENCODING, errors="replace")


def lines(rows: Iterable[Row], *, locked: bool) -> bytes:
    """Bookings; what Windows-1252 does not know is written as a question mark."""
    return "".join(f"{_line(_fields(row, locked=locked))}\r\n" for row in rows).encode(ENCODING, errors="replace")


def _header(batch: Batch) -> str:
    created = batch.created.strftime("%Y%m%d%H%M%S") + f"{batch.created.microsecond // 1000:03}"
    fields: list[str] = [
        '"EXTF"', "700", "21", '"Buchungsstapel"', "13", created, "", '"RE"', '""', '""',
        str(batch.consultant), str(batch.client), f"{batch.fiscal_year:%Y%m%d}", str(batch.account_length),
        f"{batch.since:%Y%m%d}", f"{batch.until:%Y%m%d}", _quoted(_name(batch.name), 30), '""', "1", "0",
        "1" if batch.locked else "0", _quoted(batch.currency, 3), "", '""', "", "",
        _quoted(batch.chart.removeprefix("SKR"), 4), "", "", '""', '""',
    ]  # fmt: skip
    return ";".join(fields)


def _name(text: str) -> str:
    """Letters, digits, points, strokes and blanks are all that the name of a batch takes."""
    return re.sub(r"[^\w./ ]", " ", text)


def _fields(row: Row, *, locked: bool) -> dict[str, str]:
    booked = row.booked
    eu = row.eu_country if not booked.vat_id else booked.vat_id
    return {
        "Umsatz (ohne Soll/Haben-Kz)": decimal(row.amount, booked.currency),
        "Soll/Haben-Kennzeichen": "S" if row.debit else "H",
        "WKZ Umsatz": booked.currency,
        "Konto": row.account,
        "Gegenkonto (ohne BU-Schlüssel)": row.counter,
        "BU-Schlüssel": row.tax_key.zfill(4) if row.tax_key else "",
        "Belegdatum": f"{booked.on:%d%m}",
        "Belegfeld 1": _document(booked.document),
        "Buchungstext": f"{_NAMES.get(booked.kind, booked.kind)} {booked.order_number}",
        "EU-Land u. UStID (Bestimmung)": eu if row.eu_country else "",
        "EU-Steuersatz (Bestimmung)": _rate(row.eu_rate),
        "Auftragsnummer": booked.order_number,
        "Festschreibung": "1" if locked else "0",
        "Leistungsdatum": f"{booked.supplied_on:%d%m%Y}" if booked.supplied_on else "",
        "Fälligkeit": f"{booked.due_on:%d%m%Y}" if booked.due_on else "",
    }


_MOST = {"Belegfeld 1": 36, "Buchungstext": 60, "EU-Land u. UStID (Bestimmung)": 15, "Auftragsnummer": 30}


_PLACES = {name: place for place, name in enumerate(COLUMNS)}
_EMPTY = ['""' if name in _TEXT else "" for name in COLUMNS]


def _line(fields: dict[str, str]) -> str:
    cells = _EMPTY.copy()  # most of the 125 stay empty
    for name, value in fields.items():
        cells[_PLACES[name]] = _quoted(value, _MOST.get(name, 210)) if name in _TEXT else value
    return ";".join(cells)


def _quoted(value: str, most: int) -> str:
    plain = "".join(character for character in value if character.isprintable())
    return '"' + plain[:most].replace('"', '""') + '"'


def _document(number: str) -> str:
    """Letters, digits and $ & % * + - / are all that an invoice field takes."""
    return re.sub(r"[^A-Za-z0-9$&%*+\-/]", "-", number)


def decimal(amount: int, currency: str) -> str:
    """Minor units of a currency with a comma before the two decimals that the format has, whatever the currency.

    Yen have none of their own; of a dinar's three the last is rounded, half up.
    """
    digits = minor_digits(currency)
    hundredths = abs(amount) * 100 if digits == 0 else (abs(amount) + 5) // 10 if digits == 3 else abs(amount)
    sign, (whole, cents) = "-" if amount < 0 else "", divmod(hundredths, 100)
    return f"{sign}{whole},{cents:02}"


def _rate(rate: str) -> str:
    """A rate as DATEV writes it: two digits, comma, two decimals."""
    if not rate:
        return ""
    whole, _, rest = rate.partition(".")
    return f"{int(whole):02},{rest[:2]:0<2}"
