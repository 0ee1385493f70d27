"""Refusals of the ledger."""

from kontor.core.errors import Conflict, NotFound


class LegalEntityNotFound(NotFound):
    """There is no such legal entity, or it may not be seen."""

    default_code = "LEGAL_ENTITY_NOT_FOUND"


class NothingToExport(Conflict):
    """Every entry of the period has been exported before."""

    default_code = "NOTHING_TO_EXPORT"


class PeriodExported(Conflict):
    """Entries of this day have left with the account's former number."""

    default_code = "LEDGER_PERIOD_EXPORTED"


class AccountMissing(Conflict):
    """The chart has no number for an account of the journal."""

    default_code = "LEDGER_ACCOUNT_MISSING"
