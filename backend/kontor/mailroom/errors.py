"""What cannot be done with a mail."""

from kontor.core.errors import NotFound


class MailUnknown(NotFound):
    """A mail that belongs to no order the principal may see."""

    default_code = "MAIL_ORDER_NOT_FOUND"
