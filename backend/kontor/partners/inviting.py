"""The first person of a partner: who gets the invitation mail, and gets it again."""

from dataclasses import dataclass

from kontor.auth import queries as people
from kontor.auth import secrets
from kontor.auth.models import User
from kontor.auth.permissions import Role
from kontor.auth.service import UserInput, create_user
from kontor.core import outbox
from kontor.core.clock import wall
from kontor.core.db import Session
from kontor.core.errors import Conflict, KontorError
from kontor.partners.events import PartnerPersonInvited
from kontor.partners.models import Partner
from kontor.partners.states import PartnerState


@dataclass(frozen=True, slots=True)
class FirstPerson:
    """Who begins for the partner."""

    name: str
    email: str


class InvitationOver(Conflict):
    """Nobody is invited to a partner that was ended."""

    default_code = "INVITATION_OVER"


async def invite_person(db: Session, partner: Partner, person: FirstPerson) -> User:
    """Let somebody in for a partner and have them mailed; somebody who was invited before is mailed again.

    Whoever was removed before they ever began is let in again: a link opens nothing for a closed account.
    Records PartnerPersonInvited. Raises `InvalidUser` or `EmailTaken` naming the field, `InvitationOver` for a partner
    that was ended.
    """
    if partner.state is PartnerState.ENDED:
        raise InvitationOver("The relation with this partner is over.", path=("id",))
    known = await people.find_user_by_email(db, person.email)
    if known is not None and known.partner_id == partner.id and known.last_signed_in_at is None:
        user = await people.lock_user(db, known.id)
        if not user.active:
            user.active, user.updated_at = True, wall()
    else:
        given = UserInput(
            person.email, person.name, Role.DROPSHIPPER, partner_id=partner.id, language=partner.language
        )  # fmt: skip
        try:
            # Nobody knows this password: the person chooses one by the link.
            user = await create_user(db, given, password=secrets.new_secret("first"), now=wall())
        except KontorError as problem:
            raise problem.within("person") from None
    outbox.record(db, PartnerPersonInvited(stream_id=partner.id, user_id=user.id))
    return user
