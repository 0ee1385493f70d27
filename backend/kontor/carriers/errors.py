"""Refusals of carriers."""

from kontor.core.errors import Conflict, NotFound


class CarrierNotFound(NotFound):
    """There is no such carrier account, or it is not for this place."""

    default_code = "CARRIER_NOT_FOUND"


class LabelNotFound(NotFound):
    """There is no such label, or it may not be seen."""

    default_code = "LABEL_NOT_FOUND"


class LabelFixed(Conflict):
    """The label can no longer be taken back: the parcel is on its way, or the carrier's day is closed."""

    default_code = "LABEL_FIXED"


class AnotherLabel(Conflict):
    """The parcel has a label of another carrier; cancel that first."""

    default_code = "PARCEL_HAS_LABEL"


class CarrierInactive(Conflict):
    """The account is switched off."""

    default_code = "CARRIER_INACTIVE"
