"""Invoices that people and machines read: PDF/A-3 with the data of EN 16931 inside, as Factur-X (ZUGFeRD) has it.

Factur-X asks for a file of a fixed name that is an alternative to the pages, and for four properties in the metadata.
Rendering attaches the file; the properties are written here into the metadata of the finished page. That is text, so
what follows it only moves: no need to read the pages again, which would take longer than drawing them.
"""

import re

from kontor.documents.values import Attachment

FILE_NAME = "factur-x.xml"
_NAMESPACE = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
_PROPERTIES = (
    ("DocumentFileName", FILE_NAME, "Name of the embedded file with the invoice's data"),
    ("DocumentType", "INVOICE", "Kind of the document; a credit note is one of its types"),
    ("Version", "1.0", "Version of the schema of the embedded data"),
    ("ConformanceLevel", "EN 16931", "Profile that the embedded data follow"),
)
_METADATA = re.compile(rb"<</Length (\d+)/Type/Metadata/Subtype/XML>>\nstream\n")
_TABLE = re.compile(rb"xref\n0 (\d+)\n")
_ENTRY = 20  # bytes of a row of the table: offset, generation, kind, line end
_SCHEMAS_END, _METADATA_END = b"</rdf:Bag></pdfaExtension:schemas>", b"</rdf:RDF>"


def attachment(data: bytes, number: str) -> Attachment:
    """The data of an invoice or credit note as the file that Factur-X looks for."""
    return Attachment(name=FILE_NAME, data=data, media_type="text/xml", description=f"EN 16931 {number}")


def declared(pdf: bytes) -> bytes:
    """The same pages, their metadata saying what data are inside. Wants a page as `Renderer` draws it."""
    found = _METADATA.search(pdf)
    if found is None:
        raise ValueError("the page has no metadata")
    start, length = found.end(), int(found[1])
    text = pdf[start : start + length]
    for end, addition in ((_SCHEMAS_END, _schema()), (_METADATA_END, _description())):
        text = text.replace(end, addition.encode() + end, 1)
    head = found[0].replace(b"/Length %d/" % length, b"/Length %d/" % len(text))
    return _moved(pdf, found.start(), start + length, head + text)


def _moved(pdf: bytes, start: int, end: int, text: bytes) -> bytes:
    """`text` in place of a part of the file; the table of objects says where those behind it are now."""
    shift = len(text) - (end - start)
    at = int(pdf[pdf.rindex(b"startxref") :].split()[1])
    table = _TABLE.match(pdf, at)
    if table is None:
        raise ValueError("the page has no table of objects")
    rows = [pdf[place : place + _ENTRY] for place in range(table.end(), table.end() + int(table[1]) * _ENTRY, _ENTRY)]
    moved = b"".join(b"%010d" % (int(row[:10]) + shift) + row[10:] if int(row[:10]) > start else row for row in rows)
    rest = pdf[table.end() + len(moved) :].replace(b"startxref\n%d\n" % at, b"startxref\n%d\n" % (at + shift))
    return b"".join((pdf[:start], text, pdf[end : table.end()], moved, rest))


def _description() -> str:
    properties = "".join(f"<fx:{name}>{value}</fx:{name}>" for name, value, _ in _PROPERTIES)
    return f'<rdf:Description rdf:about="" xmlns:fx="{_NAMESPACE}">{properties}</rdf:Description>'


def _schema() -> str:
    """PDF/A wants properties that are not its own described (ISO 19005-3, 6.6.2.3)."""
    properties = "".join(
        f'<rdf:li rdf:parseType="Resource"><pdfaProperty:name>{name}</pdfaProperty:name>'
        "<pdfaProperty:valueType>Text</pdfaProperty:valueType><pdfaProperty:category>external</pdfaProperty:category>"
        f"<pdfaProperty:description>{text}</pdfaProperty:description></rdf:li>"
        for name, _, text in _PROPERTIES
    )
    return (
        '<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>'
        f"<pdfaSchema:namespaceURI>{_NAMESPACE}</pdfaSchema:namespaceURI><pdfaSchema:prefix>fx</pdfaSchema:prefix>"
        f"<pdfaSchema:property><rdf:Seq>{properties}</rdf:Seq></pdfaSchema:property></rdf:li>"
    )
