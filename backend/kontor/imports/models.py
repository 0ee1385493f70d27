"""Tables of the ground under the masters."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Model


class MastersVersion(Model):
    """A number that grows with every change of what others keep in memory: places, tariffs, partners, channels, tax."""

    __tablename__ = "masters_version"
    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    version: Mapped[int] = mapped_column(sa.BigInteger)
