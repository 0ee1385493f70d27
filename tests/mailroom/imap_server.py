"""A small IMAP server (RFC 3501) for tests: one mailbox, and what a client needs to look through it."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field

USER, PASSWORD = "orders@kontor.example", 'pass "word'


@dataclass
class Box:
    """The mails by their uid, their flags, and what was asked."""

    mails: dict[int, bytes] = field(default_factory=dict)
    flags: dict[int, set[str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    forgets: bool = False  # loses the connection instead of marking
    damaged: set[int] = field(default_factory=set)  # mails whose content the server refuses to hand out
    bodiless: set[int] = field(default_factory=set)  # mails of which it says that there is no content
    busy: str = ""  # what it answers instead of handing anything out

    def put(self, text: str) -> int:
        """A mail arrives."""
        uid = max(self.mails, default=0) + 1
        self.mails[uid] = text.replace("\n", "\r\n").encode("utf-8", "surrogateescape")
        self.flags[uid] = set()
        return uid

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection from greeting to goodbye."""
        writer.write(b"* OK ready\r\n")
        while line := (await reader.readline()).decode().strip():
            tag, _, said = line.partition(" ")
            self.asked.append(said.split(" ", 1)[0] if said.startswith("LOGIN") else said)
            if self.forgets and "STORE" in said:
                break
            refusal = self._refusal(said)
            for answer in () if refusal else self._answers(said):
                writer.write(answer + b"\r\n")
            writer.write(f"{tag} {refusal or 'OK done'}\r\n".encode())
            await writer.drain()
            if said.startswith("LOGOUT"):
                break
        writer.close()

    def _refusal(self, said: str) -> str:
        if said.startswith("LOGIN") and said != 'LOGIN orders@kontor.example "pass \\"word"':
            return "NO done"
        if found := re.fullmatch(r"UID FETCH (\d+) \(BODY.PEEK.*", said):
            if self.busy:
                return f"NO [{self.busy}] later"
            if int(found[1]) in self.damaged:
                return "NO [SERVERBUG] the message cannot be read"
        return ""

    def _answers(self, said: str) -> list[bytes]:
        if said.startswith("CAPABILITY"):
            return [b"* CAPABILITY IMAP4rev1"]
        if said.startswith("SELECT"):
            return [f"* {len(self.mails)} EXISTS".encode()]
        if said.startswith("LOGOUT"):
            return [b"* BYE"]
        if said.startswith("UID SEARCH"):
            waiting = [uid for uid in self.mails if not self.flags[uid] & {r"\Seen", r"\Flagged", r"\Deleted"}]
            return [f"* SEARCH {' '.join(map(str, waiting))}".encode()]
        if found := re.fullmatch(r"UID FETCH (\d+) \((.+)\)", said):
            uid, mail = int(found[1]), self.mails[int(found[1])]
            if found[2] == "RFC822.SIZE":
                return [f"* {uid} FETCH (UID {uid} RFC822.SIZE {len(mail)})".encode()]
            if uid in self.bodiless:
                return [f"* {uid} FETCH (UID {uid} BODY[] NIL)".encode()]
            return [f"* {uid} FETCH (UID {uid} BODY[] {{{len(mail)}}}\r\n".encode() + mail + b")"]
        if found := re.fullmatch(r"UID STORE ([\d,]+) \+FLAGS.SILENT \((\S+)\)", said):
            for each in found[1].split(","):
                self.flags[int(each)].add(found[2])
        return []
