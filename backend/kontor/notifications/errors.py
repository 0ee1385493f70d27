"""What notifications refuse."""

from kontor.core.errors import Conflict, NotFound


class NotificationNotFound(NotFound):
    """There is no such message, or the principal may not see its order."""

    default_code = "NOTIFICATION_NOT_FOUND"


class NoRecipient(Conflict):
    """The order has no email address to send to."""

    default_code = "NOTIFICATION_WITHOUT_RECIPIENT"
