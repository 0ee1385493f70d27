"""What is left of a person for who may not see customers: enough to ask back, not enough to know. Pure."""


def name(text: str) -> str:
    """The first letter of each word: `A. S.`"""
    return " ".join(f"{word[0]}." for word in text.split())


def email(text: str | None) -> str | None:
    """The first letter and the domain: `a…@example.com`."""
    if not text or "@" not in text:
        return None
    box, _, domain = text.partition("@")
    return f"{box[:1]}…@{domain}"
