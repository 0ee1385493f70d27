"""English texts of refusals by code, where the message of the error itself says too little or too much."""

MESSAGES: dict[str, str] = {
    "COLUMNS_UNMATCHED": "Each column fills one field, no two the same, and all needed fields are filled.",
    "INTERNAL_ERROR": "Something went wrong on our side. Please quote {reference} when you report it.",
    "OFFER_CHANGED": "The offer was changed meanwhile.",
    "OFFER_INCOMPLETE": "The offer still lacks: {missing}.",
    "OFFER_NOT_FOUND": "There is no such offer.",
    "PARTNER_NEEDED": "Please say whose offers these are.",
    "STANDS_TWICE": "{key} stands in an earlier line too.",
    "STOCK_MOVED": "There are {present} pieces by now, not {expected}.",
    "UNAUTHENTICATED": "Please sign in.",
    "UNAVAILABLE": "This is not available at the moment. Please try again shortly.",
    "UPLOAD_GUARDED": "Please confirm first what this file does.",
    "UPLOAD_NOT_FOUND": "There is no such file.",
}
