"""Refusals of this package."""

from kontor.core.errors import Conflict, Forbidden, InvalidInput, NotFound, Unavailable


class UserNotFound(NotFound):
    """No such person, or not visible."""

    default_code = "USER_NOT_FOUND"


class ApiClientNotFound(NotFound):
    """No such API client, or not visible."""

    default_code = "API_CLIENT_NOT_FOUND"


class InvalidUser(InvalidInput):
    """A person as described cannot be."""

    default_code = "INVALID_USER"


class InvalidApiClient(InvalidInput):
    """An API client as described cannot be."""

    default_code = "INVALID_API_CLIENT"


class InvalidView(InvalidInput):
    """A view as described cannot be kept."""

    default_code = "INVALID_VIEW"


class ViewNotFound(NotFound):
    """No such view, or another person's."""

    default_code = "VIEW_NOT_FOUND"


class WeakPassword(InvalidInput):
    """The password is too short, too long or too easily guessed."""

    default_code = "WEAK_PASSWORD"


class WrongPassword(InvalidInput):
    """The present password, asked for once more, is another one."""

    default_code = "WRONG_PASSWORD"


class EmailTaken(Conflict):
    """Another person has this email address."""

    default_code = "EMAIL_TAKEN"


class AdminExists(Conflict):
    """The first administrator is there already."""

    default_code = "ADMIN_EXISTS"


class LastAdmin(Conflict):
    """Nobody would be left who can manage people."""

    default_code = "LAST_ADMIN"


class ApiClientInactive(Conflict):
    """The client was revoked; a revoked client stays so."""

    default_code = "API_CLIENT_INACTIVE"


class SignInRefused(Forbidden):
    """Email or password is wrong or the account is closed: never told which."""

    default_code = "SIGN_IN_REFUSED"


class TooManyAttempts(Unavailable):
    """Too many tries; `retry_after` is in seconds."""

    default_code = "TOO_MANY_ATTEMPTS"


class InvalidToken(Forbidden):
    """The bearer token is unknown, expired or revoked."""

    default_code = "INVALID_TOKEN"


class NoSigningKey(Unavailable):
    """Several processes need one `KONTOR_SECRET_KEY` to sign tokens."""

    default_code = "NO_SIGNING_KEY"
