"""English texts of refusals by code, where the message of the error itself says too little or too much."""

MESSAGES: dict[str, str] = {
    "ADDRESS_NO_LONGER_SHOWN": "The address is no longer shown: the goods left long ago.",
    "ANSWER_FINAL": "The answer cannot be taken back any more.",
    "INTERNAL_ERROR": "Something went wrong on our side. Please quote {reference} when you report it.",
    "INVALID_DATE": "Please give a day within the coming year.",
    "INVALID_VIEW": "The view cannot be kept like this.",
    "INVOICES_NOT_SHOWN": "Invoices are not printed here: showing prices was not agreed.",
    "INVOICE_BEING_DRAWN": "The invoice is being drawn. Please print again in a moment.",
    "INVOICE_NOT_ISSUED": "The invoice is issued when the goods leave.",
    "NOTHING_NAMED": "Please say what is to be printed.",
    "NOTHING_TO_PRINT": "Nothing of this can be printed.",
    "PAPER_NOT_FOR_KIND": "Only labels are printed on label paper.",
    "PRINT_BATCH_NOT_FOUND": "There is no such file to print, or it is no longer kept.",
    "TOO_MUCH_TO_PRINT": "At most {limit} fulfillment orders at once.",
    "OFFER_CHANGED": "The offer was changed meanwhile.",
    "OFFER_INCOMPLETE": "The offer still lacks: {missing}.",
    "OFFER_NOT_FOUND": "There is no such offer.",
    "PARTNER_NEEDED": "Please say whose offers these are.",
    "UNAUTHENTICATED": "Please sign in.",
    "UNAVAILABLE": "This is not available at the moment. Please try again shortly.",
}
