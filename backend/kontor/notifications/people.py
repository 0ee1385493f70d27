"""Mails to the people who sign in: the invitation, and the link to a new password.

A link is made and committed before its mail is sent, and each attempt makes its own: what was never delivered is known
to nobody, and of two that arrive both work until one is used.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.auth import links
from kontor.auth.values import LinkPurpose
from kontor.channels.models import LegalEntity
from kontor.core.clock import local_day
from kontor.core.db import Session
from kontor.notifications.ports import OutgoingMessage, message_id_of
from kontor.notifications.rendering import MessageBrand, render_message
from kontor.partners.models import Partner

TEMPLATES = {LinkPurpose.INVITATION: "invitation", LinkPurpose.RESET: "password_reset"}
ZONE = "Europe/Berlin"
# What a mail of this kind is called, so that the mailbox shows it to those alone who may set passwords themselves.
PREFIX = "person-"


@dataclass(frozen=True, slots=True)
class Letter:
    """A link's mail before it is written."""

    link_id: UUID
    template: str
    language: str
    email: str
    name: str
    company: str
    token: str
    until: date
    brand: MessageBrand


async def prepare(db: Session, asked: Mapping[str, Any], *, now: Any) -> Letter | None:
    """Make the link that a job asks for, by `user_id` or `email`; None when nobody is there who could use it."""
    user_id = asked.get("user_id")
    made = await links.make_link(
        db, LinkPurpose(asked["purpose"]), now=now, user_id=UUID(str(user_id)) if user_id else None,
        email=asked.get("email"),
    )  # fmt: skip
    if made is None:
        return None
    partner = await db.get(Partner, made.user.partner_id) if made.user.partner_id else None
    seller = await db.scalar(sa.select(LegalEntity).order_by(LegalEntity.code).limit(1))
    until = local_day(made.expires_at, made.user.timezone or (seller.timezone if seller else ZONE))
    return Letter(
        made.id, TEMPLATES[made.purpose], made.user.language, made.user.email, made.user.name,
        partner.name if partner else "", made.token, until, _brand(seller),
    )  # fmt: skip


def write(letter: Letter, *, base_url: str, domain: str) -> OutgoingMessage:
    """The mail ready to go. The token stands behind a `#`, which browsers keep to themselves."""
    facts = {
        "brand": letter.brand, "customer_name": letter.name, "company": letter.company, "link_until": letter.until,
        "link_url": f"{base_url.rstrip('/')}/portal/link#{letter.token}",
    }  # fmt: skip
    message = render_message(letter.template, letter.language, facts)
    return OutgoingMessage(
        to=letter.email, to_name=letter.name, subject=message.subject, text=message.text, html=message.html,
        message_id=message_id_of(f"{PREFIX}{letter.link_id}", domain),
    )  # fmt: skip


def _brand(seller: LegalEntity | None) -> MessageBrand:
    if seller is None:
        return MessageBrand(name="Kontor")
    where = f"{seller.street} · {seller.postal_code} {seller.city}"
    return MessageBrand(
        name=seller.name, color=seller.brand_color, support_email=seller.email or "", support_phone=seller.phone or "",
        legal_lines=tuple(line for line in (seller.name, where, seller.register, seller.vat_id) if line),
    )  # fmt: skip
