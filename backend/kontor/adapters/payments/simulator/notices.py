"""Signed notices to the shop: repeated until taken, some twice, some late, as the faults say."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
from standardwebhooks import Webhook

from kontor.adapters.payments.simulator.bank import Bank
from kontor.adapters.payments.simulator.ledger import Ledger

_MAX_ATTEMPTS = 8
_FIRST_RETRY = 0.5


class Notifier:
    """Delivers the notices in the books to one address, signed by the Standard Webhooks specification."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        url: str,
        secret: str,
        client: httpx.AsyncClient,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._ledger = ledger
        self._url = url
        self._webhook = Webhook(secret)
        self._client = client
        self._clock = clock

    async def deliver_due(self) -> int:
        """Send what is due; returns how many were taken."""
        taken = 0
        for seq, notice_id, body, attempts in self._ledger.due_notices(self._clock()):
            if await self._send(notice_id, body):
                self._ledger.close_notice(seq, "sent")
                taken += 1
            elif attempts + 1 >= _MAX_ATTEMPTS:
                self._ledger.close_notice(seq, "dead")
            else:
                self._ledger.postpone_notice(seq, self._clock() + _FIRST_RETRY * 2**attempts)
        return taken

    async def _send(self, notice_id: str, body: bytes) -> bool:
        at = datetime.fromtimestamp(self._clock(), UTC)
        headers = {
            "content-type": "application/json",
            "webhook-id": notice_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": self._webhook.sign(notice_id, at, body.decode()),
        }
        with contextlib.suppress(httpx.HTTPError):
            response = await self._client.post(self._url, content=body, headers=headers)
            return response.is_success
        return False


async def keep_settling(bank: Bank, notifier: Notifier | None = None, *, every: float = 0.1) -> None:
    """Settle pending operations and send notices until canceled; `every` in seconds."""
    while True:
        bank.settle_due()
        if notifier:
            await notifier.deliver_due()
        await asyncio.sleep(every)
