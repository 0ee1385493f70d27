"""Answers to disputes at Stripe: evidence as texts and files, or acceptance (docs.stripe.com/api/disputes)."""

import time
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any

import orjson

from kontor.adapters.payments.stripe.calls import Answer, Calls, refused_or
from kontor.adapters.payments.stripe.reading import KEY, disputed
from kontor.adapters.payments.wire import Connection, NoAnswer, NotReached
from kontor.payments.ports import (
    Declined,
    DisputeNews,
    Evidence,
    EvidenceFile,
    GatewayUnavailable,
    OutcomeUnknown,
)

DISPUTES = "/v1/disputes"
FILES_URL = "https://files.stripe.com"
"""Files are sent to a host of their own (docs.stripe.com/api/files/create)."""


class Disputes:
    """What is sent about disputes; `files` is the connection that uploads go over, with the same secret key."""

    def __init__(
        self, calls: Calls, files: Connection, *, version: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._calls, self._files, self._version, self._clock = calls, files, version, clock

    async def contest(self, key: str, dispute: str, evidence: Evidence) -> DisputeNews | Declined:
        """Upload the files, then submit everything at once: Stripe passes evidence on to the bank only once."""
        parameters: list[tuple[str, object]] = [(f"evidence[{name}]", text) for name, text in evidence.texts.items()]
        for file in evidence.files:
            uploaded = await self._upload(f"{key}/{file.purpose}", file)
            if uploaded.refused:
                return uploaded.refused
            parameters.append((f"evidence[{file.purpose}]", uploaded.content["id"]))
        parameters += [(f"metadata[{KEY}]", key), ("submit", True)]
        return await self._told(await self._calls.post(f"{DISPUTES}/{dispute}", parameters, key=key), dispute)

    async def accept(self, key: str, dispute: str) -> DisputeNews | Declined:
        """Close the dispute: it is lost, and that is final."""
        return await self._told(await self._calls.post(f"{DISPUTES}/{dispute}/close", (), key=key), dispute)

    async def find(self, key: str, dispute: str) -> DisputeNews | None:
        """The dispute bears the key of the evidence that was submitted; one that was closed is lost."""
        answer = await self._calls.get(f"{DISPUTES}/{dispute}")
        if answer.refused:
            return None
        mine = answer.content["metadata"].get(KEY) == key
        ended = answer.content["status"] in ("won", "lost", "warning_closed")
        return self._read(answer.content) if mine or ended else None

    async def _told(self, answer: Answer, dispute: str) -> DisputeNews | Declined:
        """An answer that Stripe stored may be outdated, so the dispute is looked at."""
        if answer.replayed and not answer.refused:
            answer = await self._calls.get(f"{DISPUTES}/{dispute}")
        return answer.refused or self._read(answer.content)

    def _read(self, dispute: Mapping[str, Any]) -> DisputeNews:
        return disputed(dispute, told_at=int(self._clock()))

    async def _upload(self, key: str, file: EvidenceFile) -> Answer:
        boundary = blake2b(key.encode() + file.data, digest_size=16).hexdigest()
        headers = {
            "stripe-version": self._version,
            "idempotency-key": key,
            "content-type": f"multipart/form-data; boundary={boundary}",
        }
        try:
            reply = await self._files.call("POST", "/v1/files", body=_multipart(boundary, file), headers=headers)
        except NotReached as exception:
            raise GatewayUnavailable("Stripe cannot be reached.", retry_after=None) from exception
        except NoAnswer as exception:
            raise OutcomeUnknown("Stripe did not answer.") from exception
        return refused_or(reply)


def _multipart(boundary: str, file: EvidenceFile) -> bytes:
    """The form of an upload (RFC 7578); a JSON string quotes the name as the form wants it."""
    name = orjson.dumps(file.name.replace("\n", " ")).decode()
    head = (
        f'--{boundary}\r\ncontent-disposition: form-data; name="purpose"\r\n\r\ndispute_evidence\r\n'
        f'--{boundary}\r\ncontent-disposition: form-data; name="file"; filename={name}\r\n'
        f"content-type: {file.content_type}\r\n\r\n"
    )
    return head.encode() + file.data + f"\r\n--{boundary}--\r\n".encode()
