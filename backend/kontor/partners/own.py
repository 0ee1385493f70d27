"""What a partner says of itself: how it is written to, what it ships with, what it prints on."""

from collections.abc import Mapping
from typing import Any, TypedDict

from kontor.core import outbox
from kontor.core.db import Session
from kontor.core.errors import camel
from kontor.imports import fields
from kontor.imports.fields import Field
from kontor.imports.saving import touch_masters
from kontor.partners.errors import InvalidOwnSetting
from kontor.partners.events import PartnerChanged
from kontor.partners.models import Partner

PAPERS = ("A4", "LETTER")
LABEL_PAPERS = ("A4", "103x199", "100x150")  # millimeters
MOST_CARRIERS = 20


class OwnData(TypedDict, total=False):
    """What is not given stays as it is."""

    email: str | None
    language: str
    vat_id: str | None
    carriers: list[str]
    paper: str
    label_paper: str


_COLUMNS: Mapping[str, Field] = {
    "email": Field(fields.email, empty=True),
    "language": Field(fields.language),
    "vat_id": Field(fields.text(20, upper=True), empty=True),
}


def own_settings(partner: Partner) -> dict[str, Any]:
    """What a partner chose, with what counts where it chose nothing."""
    return {"carriers": [], "paper": PAPERS[0], "label_paper": LABEL_PAPERS[0]} | dict(partner.settings)


async def save_own(db: Session, partner: Partner, given: OwnData) -> Partner:
    """Change a locked partner's own settings; raises `InvalidField` or `InvalidOwnSetting` naming the field."""
    chosen = dict(partner.settings)
    for name, value in given.items():
        if name in _COLUMNS:
            setattr(partner, name, fields.check_field(name, value, _COLUMNS[name]))
        else:
            chosen[name] = _checked(name, value)
    partner.settings, partner.updated_at = chosen, db.now
    outbox.record(db, PartnerChanged(stream_id=partner.id, code=partner.code))
    await touch_masters(db)
    return partner


def _checked(name: str, value: Any) -> Any:
    if name == "carriers":
        named = list(dict.fromkeys(str(each).strip() for each in value if str(each).strip()))
        if len(named) <= MOST_CARRIERS and all(len(each) <= 60 for each in named):
            return named
        raise InvalidOwnSetting("At most 20 carriers of up to 60 characters.", path=("carriers",))
    allowed = PAPERS if name == "paper" else LABEL_PAPERS
    if value not in allowed:
        raise InvalidOwnSetting("This is no paper we know.", path=(camel(name),), allowed=list(allowed))
    return value
