"""Small words of signing in."""

from enum import StrEnum


class LinkPurpose(StrEnum):
    """What a mailed link is for."""

    INVITATION = "INVITATION"
    RESET = "RESET"


class StepKind(StrEnum):
    """Which step of signing in is waited for."""

    SECOND_FACTOR = "SECOND_FACTOR"
    PASSKEY_NEW = "PASSKEY_NEW"
    PASSKEY = "PASSKEY"
    OPENID = "OPENID"
