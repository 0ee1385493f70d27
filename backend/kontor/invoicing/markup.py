"""XML as text, element by element. Pure; what is empty is left out, as both syntaxes of EN 16931 want it."""

from xml.sax.saxutils import escape, quoteattr

# Characters that XML 1.0 cannot hold, whatever a name was pasted from.
_FORBIDDEN = {
    code: None for code in (*range(0x20), 0x7F, 0xFFFE, 0xFFFF, *range(0xD800, 0xE000)) if code not in (9, 10)
}


def text(name: str, value: object, /, **attributes: str) -> str:
    """An element with a text; "" for an empty text."""
    plain = str(value).translate(_FORBIDDEN).strip()
    if not plain:
        return ""
    given = "".join(f" {key}={quoteattr(each)}" for key, each in attributes.items())
    return f"<{name}{given}>{escape(plain)}</{name}>"


def group(name: str, *children: str) -> str:
    """An element of elements; "" when all of them are."""
    inner = "".join(children)
    return f"<{name}>{inner}</{name}>" if inner else ""


def document(name: str, namespaces: dict[str, str], *children: str) -> bytes:
    """A whole file. The namespace of prefix "" is the default one."""
    spaces = "".join(f' xmlns{":" + prefix if prefix else ""}="{uri}"' for prefix, uri in namespaces.items())
    head = f"<?xml version='1.0' encoding='UTF-8'?>\n<{name}{spaces}>"
    return f"{head}{''.join(children)}</{name}>\n".encode()
