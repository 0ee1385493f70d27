"""English texts of refusals by code, where the message of the error itself says too little or too much."""

MESSAGES: dict[str, str] = {
    "ANSWER_FINAL": "The answer cannot be taken back any more.",
    "INTERNAL_ERROR": "Something went wrong on our side. Please quote {reference} when you report it.",
    "INVALID_DATE": "Please give a day within the coming year.",
    "INVALID_VIEW": "The view cannot be kept like this.",
    "UNAUTHENTICATED": "Please sign in.",
    "UNAVAILABLE": "This is not available at the moment. Please try again shortly.",
}
