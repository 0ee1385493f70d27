"""What a page with an address window shows around its content: letterhead, addresses, facts, legal footer."""

from typing import Any

from kontor.documents.formatting import accent, address_lines, iban_groups, texts
from kontor.documents.values import Address, Brand, Language, Letter, Seller

View = dict[str, Any]


def letter_view(
    letter: Letter, *, title: str, facts: list[tuple[str, str]], second_address: Address | None = None
) -> View:
    """Facts without a value are left out. `second_address` is shown when the goods went elsewhere."""
    language, home = letter.language, letter.seller.address.country
    words = texts(language)
    second = None
    if second_address is not None and second_address != letter.recipient:
        second = {"label": words["delivery_address"], "lines": address_lines(second_address, home, language)}
    return {
        **page_view(letter.brand, language, title=title, number=letter.number),
        "sender_line": " · ".join(address_lines(letter.seller.address, home, language)),
        "recipient": address_lines(letter.recipient, home, language),
        "facts": [fact for fact in facts if fact[1]],
        "second_address": second,
        "footer": footer_columns(letter.seller, language),
        "footer_lines": list(letter.footer),
        "notes": list(letter.notes),
    }


def page_view(brand: Brand, language: Language, *, title: str, number: str) -> View:
    return {
        "language": language,
        "title": title,
        "number": number,
        "brand": brand.name,
        "accent": accent(brand.color),
        "logo": brand.logo_svg,
        "page": texts(language)["page"],
    }


def footer_columns(seller: Seller, language: Language) -> list[list[str]]:
    """What a business letter must name, in up to four columns: who, how to reach, registers, bank."""
    words, address = texts(language), seller.address
    reach = [
        _labeled(words["phone"], seller.phone),
        seller.email,
        seller.website,
    ]
    registers = [
        seller.register,
        _labeled(words["managers"], ", ".join(seller.managers)),
        _labeled(words["vat_id"], seller.vat_id),
        _labeled(words["tax_number"], seller.tax_number),
    ]
    bank = [
        seller.bank_name,
        _labeled(words["iban"], iban_groups(seller.iban)),
        _labeled(words["bic"], seller.bic),
    ]
    # The country is named here even at home: foreign readers get this page too.
    who = address_lines(address, "", language)
    columns = ([line for line in column if line] for column in (who, reach, registers, bank))
    return [column for column in columns if column]


def _labeled(label: str, value: str) -> str:
    return f"{label}: {value}" if value else ""
