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


class LinkNotFound(NotFound):
    """The link of a mail is none of ours."""

    default_code = "LINK_NOT_FOUND"


class LinkUsed(Conflict):
    """A link counts once."""

    default_code = "LINK_USED"


class LinkExpired(Conflict):
    """The link's time is over; a new one can be asked for."""

    default_code = "LINK_EXPIRED"


class StepOver(Conflict):
    """Signing in was begun too long ago, or this step was taken."""

    default_code = "SIGN_IN_STEP_OVER"


class SecondFactorNeeded(Forbidden):
    """The password fitted; `step` names the sign-in that now needs a code."""

    default_code = "SECOND_FACTOR_NEEDED"


class SecondFactorOn(Conflict):
    """The second factor is not in the state this needs."""

    default_code = "SECOND_FACTOR_ON"


class WrongCode(InvalidInput):
    """The code does not fit, or was used."""

    default_code = "WRONG_CODE"


class InvalidPasskey(InvalidInput):
    """The browser's answer is no proof."""

    default_code = "INVALID_PASSKEY"


class PasskeyNotFound(NotFound):
    """No such passkey of this person."""

    default_code = "PASSKEY_NOT_FOUND"


class SessionNotFound(NotFound):
    """No such session of this person."""

    default_code = "SESSION_NOT_FOUND"


class LastManager(Conflict):
    """Nobody of the partner would be left who can manage people."""

    default_code = "LAST_MANAGER"


class IdentityProviderNotFound(NotFound):
    """No such OpenID Connect provider."""

    default_code = "IDENTITY_PROVIDER_NOT_FOUND"


class InvalidIdentityProvider(InvalidInput):
    """A provider as described cannot be."""

    default_code = "INVALID_IDENTITY_PROVIDER"


class IdentityRefused(Forbidden):
    """The provider's word does not lead to an account here; the code says why."""

    default_code = "IDENTITY_REFUSED"


class ProviderAway(Unavailable):
    """The provider does not answer, or not as OpenID Connect says."""

    default_code = "IDENTITY_PROVIDER_AWAY"
