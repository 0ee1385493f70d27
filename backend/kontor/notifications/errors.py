"""What notifications refuse."""

from kontor.core.errors import Conflict, InvalidInput, NotFound


class NotificationNotFound(NotFound):
    """There is no such message, or the principal may not see its order."""

    default_code = "NOTIFICATION_NOT_FOUND"


class NoRecipient(Conflict):
    """The order has no email address to send to."""

    default_code = "NOTIFICATION_WITHOUT_RECIPIENT"


class InvalidTemplate(InvalidInput):
    """A template that cannot be kept: the path names its part, the facts name the word and the line."""

    default_code = "INVALID_TEMPLATE"
