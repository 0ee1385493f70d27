"""The specifications a document can follow (BT-24), and the business process it then names (BT-23)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Profile:
    """What a file says it follows."""

    specification: str
    process: str = ""


EN_16931 = Profile("urn:cen.eu:en16931:2017")
XRECHNUNG = Profile(
    "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0",
    "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0",
)
