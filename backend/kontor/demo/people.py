"""The people of the demo company and their passwords, which are kept in a file to be printed again."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any
from uuid import UUID

from kontor.demo import company
from kontor.demo.calling import Caller

SIGN_INS = Path("var/demo-sign-ins.json")


async def load(caller: Caller) -> dict[str, str]:
    """One person per role with a new password, also where there is such a person already: email to password."""
    places = await caller.call("{ stockLocations(first: 50) { nodes { id code } } }")
    partners = await caller.call("{ partners(first: 50) { nodes { id code } } }")
    users = await caller.call("{ users(first: 50) { nodes { id email } } }")
    known = {node["email"]: node["id"] for node in users["nodes"]}
    ids = {node["code"]: node["id"] for node in (*places["nodes"], *partners["nodes"])}
    signed: dict[str, str] = {}
    for name, full_name, role, scope in company.PEOPLE:
        email, password = f"{name}@nordlicht.example", f"{name}-{secrets.token_urlsafe(9)}"
        if email in known:
            await _set_password(caller, known[email], password)
        else:
            await _create(caller, {"email": email, "name": full_name, "role": role, **_scope(scope, ids)}, password)
        signed[email] = password
    return signed


def _scope(scope: dict[str, Any], ids: dict[str, str]) -> dict[str, Any]:
    if "partner" in scope:
        return {"partnerId": ids[scope["partner"]]}
    return {"locationIds": [ids[code] for code in scope["locations"]]} if "locations" in scope else {}


async def _create(caller: Caller, person: dict[str, Any], password: str) -> None:
    await caller.call(
        "mutation Person($input: UserInput!, $password: String!) { createUser(input: $input, password: $password) "
        "{ __typename ... on Error { code message path } } }",
        input={"language": "en", **person},
        password=password,
    )


async def _set_password(caller: Caller, user_id: str, password: str) -> None:
    await caller.call(
        "mutation Password($id: UUID!, $new: String!) { resetPassword(id: $id, new: $new) "
        "{ __typename ... on Error { code message path } } }",
        id=user_id,
        new=password,
    )


def keep(company_id: UUID, sign_ins: dict[str, str]) -> None:
    """Keep the sign-ins in the working folder, where nobody else may read them; those of other databases stay."""
    SIGN_INS.parent.mkdir(parents=True, exist_ok=True)
    kept = _kept() | {str(company_id): sign_ins}
    SIGN_INS.touch(mode=0o600)
    SIGN_INS.chmod(0o600)
    SIGN_INS.write_text(json.dumps(kept, indent=1))


def known(company_id: UUID) -> dict[str, str]:
    """The sign-ins of one company, by email; empty when it was loaded from another folder or the file is gone."""
    found = _kept().get(str(company_id), {})
    return found if isinstance(found, dict) else {}


def _kept() -> dict[str, Any]:
    try:
        kept = json.loads(SIGN_INS.read_text())
    except (FileNotFoundError, ValueError):  # gone, or cut short when it was written
        return {}
    return kept if isinstance(kept, dict) else {}
