"""Processes: what runs where, what failed, and what people have to decide."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from kontor.api.graphql.context import Context, Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.loaders import by_id, by_key
from kontor.api.graphql.master_rows import Given, shown
from kontor.api.graphql.mutation import change
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.core.db import Session
from kontor.core.errors import NotFound
from kontor.processes import decisions, queries, service
from kontor.processes.live import HOST
from kontor.processes.models import ProcessDefinition as DefinitionRow
from kontor.processes.models import ProcessInstance as InstanceRow
from kontor.processes.models import UserTask as UserTaskRow
from kontor.processes.states import InstanceState, UserTaskState

strawberry.enum(InstanceState, name="ProcessState")
strawberry.enum(UserTaskState)


@strawberry.type(description="One version of a diagram (BPMN 2.0). Running instances keep theirs.")
class ProcessDefinition:
    id: UUID
    key: str
    version: int
    name: str
    sha256: str
    deployed_at: datetime
    deployed_by: str
    xml: str

    @classmethod
    def of(cls, row: Any) -> ProcessDefinition:
        """As the API shows it."""
        return cls(**shown(cls, row))


@strawberry.type(description="Where an instance stands.")
class ProcessPlace:
    token: str
    node: str
    kind: str
    name: str
    due_at: datetime | None = strawberry.field(description="When the timer there is due.")
    error: str | None = strawberry.field(description="Why the work there failed.")


@strawberry.type(description="A step of a life.")
class ProcessStep:
    state: str
    at: datetime
    by: str
    reason: str | None


@strawberry.type(description="One run for one order, fulfillment order or return.")
class ProcessInstance:
    id: UUID
    key: str
    subject_id: UUID
    order_id: UUID
    definition_id: UUID
    state: InstanceState
    error: str | None
    started_at: datetime
    updated_at: datetime
    finished_at: datetime | None
    data: strawberry.Private[dict[str, Any]]

    @classmethod
    def of(cls, row: Any) -> ProcessInstance:
        """As the API shows it."""
        return cls(**shown(cls, row))

    @strawberry.field(description="What the process knows.")
    def variables(self) -> JSON:
        return JSON(self.data["variables"])

    @strawberry.field
    async def definition(self, info: Info) -> ProcessDefinition:
        row = await by_id(info, DefinitionRow, self.definition_id)
        if row is None:
            raise NotFound("There is no such definition.")
        return ProcessDefinition.of(row)

    @strawberry.field(description="Where it stands now, oldest first.")
    async def places(self, info: Info) -> list[ProcessPlace]:
        failed = (self.data.get(HOST) or {}).get("failed", {})
        key = (self.id, self.definition_id, tuple(self.data["tokens"]))
        found = await by_key(info, _standings, key)
        tokens = self.data["tokens"]
        return [
            ProcessPlace(
                token=token, node=node_id, kind=str(kind), name=name, due_at=due_at,
                error=": ".join(failed[token][1:]) if token in failed else None,
            )
            for token, node_id, kind, name, due_at in queries.standing_at(found, tokens)
        ]  # fmt: skip

    @strawberry.field(description="The states it went through, oldest first.")
    async def history(self, info: Info) -> list[ProcessStep]:
        return await by_key(info, _histories, self.id)


async def _standings(context: Context, keys: list[Any]) -> list[queries.Grounds]:
    async with context.runtime.database.read_only(context.principal) as db:
        return await queries.grounds_of(db, keys)


async def _histories(context: Context, ids: list[UUID]) -> list[list[ProcessStep]]:
    async with context.runtime.database.read_only(context.principal) as db:
        found = await queries.histories(db, ids)
    return [[ProcessStep(state=row.new, at=row.at, by=row.by, reason=row.reason) for row in found[key]] for key in ids]


@strawberry.type(description="Something a person has to decide before the process goes on.")
class UserTask:
    id: UUID
    instance_id: UUID
    order_id: UUID
    name: str
    role: str | None
    state: UserTaskState
    outcome: str | None
    note: str | None
    created_at: datetime
    done_at: datetime | None
    done_by: str | None

    @classmethod
    def of(cls, row: Any) -> UserTask:
        """As the API shows it."""
        return cls(**shown(cls, row))

    @strawberry.field(description="What may be answered.")
    def outcomes(self) -> list[str]:
        return sorted(service.outcomes_of(self.name))


@strawberry.input
class ProcessInstancesFilter(Given):
    keys: list[str] | None = UNSET
    states: list[InstanceState] | None = UNSET
    order_id: UUID | None = UNSET
    subject_id: UUID | None = UNSET
    definition_id: UUID | None = UNSET
    changed_since: datetime | None = UNSET

    def value(self) -> queries.InstanceFilter:
        """As the domain takes it."""
        return queries.InstanceFilter(**self.values())


@strawberry.input
class UserTasksFilter(Given):
    states: list[UserTaskState] | None = UNSET
    names: list[str] | None = UNSET
    roles: list[str] | None = UNSET
    order_id: UUID | None = UNSET
    changed_since: datetime | None = UNSET

    def value(self) -> queries.UserTaskFilter:
        """As the domain takes it."""
        return queries.UserTaskFilter(**self.values())


@strawberry.enum
class ProcessInstancesSort(Enum):
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT-"
    STARTED_AT = "STARTED_AT"
    STARTED_AT_DESC = "STARTED_AT-"


@strawberry.enum
class ProcessDefinitionsSort(Enum):
    DEPLOYED_AT = "DEPLOYED_AT"
    DEPLOYED_AT_DESC = "DEPLOYED_AT_DESC"
    KEY = "KEY"
    KEY_DESC = "KEY_DESC"


@strawberry.enum
class UserTasksSort(Enum):
    CREATED_AT = "CREATED_AT"
    CREATED_AT_DESC = "CREATED_AT_DESC"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"


@strawberry.type
class ProcessesQuery:
    @strawberry.field(extensions=[requires(Permission.PROCESSES_READ)])
    async def process_instances(
        self,
        info: Info,
        filter: ProcessInstancesFilter | None = None,
        sort: ProcessInstancesSort = ProcessInstancesSort.UPDATED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[ProcessInstance]:
        wanted = filter.value() if filter else queries.InstanceFilter()
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_instances(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, ProcessInstance.of)

    @strawberry.field(extensions=[requires(Permission.PROCESSES_READ)])
    async def process_instance(self, info: Info, id: UUID) -> ProcessInstance | None:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            row = await queries.find_instance(db, id)
        return None if row is None else ProcessInstance.of(row)

    @strawberry.field(extensions=[requires(Permission.PROCESSES_READ)], description="Every version.")
    async def process_definitions(
        self,
        info: Info,
        key: str | None = None,
        sort: ProcessDefinitionsSort = ProcessDefinitionsSort.DEPLOYED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[ProcessDefinition]:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_definitions(db, page_of(first, after), key=key, **sorting(sort))
        return connect(page, ProcessDefinition.of)

    @strawberry.field(
        extensions=[requires(Permission.PROCESSES_READ)],
        description="What people have to decide; the open tasks unless states are named.",
    )
    async def user_tasks(
        self,
        info: Info,
        filter: UserTasksFilter | None = None,
        sort: UserTasksSort = UserTasksSort.CREATED_AT,
        first: First = 50,
        after: After = None,
    ) -> Connection[UserTask]:
        wanted = filter.value() if filter else queries.UserTaskFilter()
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_user_tasks(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, UserTask.of)


@strawberry.type(description="An instance; what was asked for happens a moment later.")
class ProcessChanged:
    instance: ProcessInstance


@strawberry.type
class UserTaskChanged:
    user_task: UserTask


@strawberry.type
class ProcessDeployed:
    definition: ProcessDefinition


async def _instance_again(db: Session, ids: list[UUID]) -> ProcessChanged:
    return ProcessChanged(instance=ProcessInstance.of(await queries.get_instance(db, ids[0])))


async def _task_again(db: Session, ids: list[UUID]) -> UserTaskChanged:
    row = await db.get(UserTaskRow, ids[0])
    return UserTaskChanged(user_task=UserTask.of(row))


async def _definition_again(db: Session, ids: list[UUID]) -> ProcessDeployed:
    return ProcessDeployed(definition=ProcessDefinition.of(await db.get(DefinitionRow, ids[0])))


ProcessResult = Annotated[ProcessChanged | Refusal, strawberry.union("ProcessResult")]


@strawberry.type
class ProcessesMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.PROCESSES_WRITE)], description="Do the work that failed once more."
    )
    async def retry_process(self, info: Info, id: UUID) -> ProcessResult:
        return await _ask(info, id, service.retry_process)

    @strawberry.mutation(
        extensions=[requires(Permission.PROCESSES_WRITE)],
        description="Stop a process and undo its finished steps, last first. The order itself stays as it is.",
    )
    async def cancel_process(self, info: Info, id: UUID) -> ProcessResult:
        return await _ask(info, id, service.cancel_process)

    @strawberry.mutation(
        extensions=[requires(Permission.CARE_WRITE, Permission.PROCESSES_WRITE)],
        description="Decide; the process goes on. A risk review needs risk:review.",
    )
    async def complete_user_task(
        self, info: Info, id: UUID, outcome: str, note: str | None = None
    ) -> Annotated[UserTaskChanged | Refusal, strawberry.union("CompleteUserTaskResult")]:
        async def work(db: Session) -> UserTaskChanged:
            task = await decisions.decide(db, id, outcome=outcome, note=note, now=db.now)
            await db.flush()
            return UserTaskChanged(user_task=UserTask.of(task))

        return await change(
            info, work, body=[id, outcome, note], again=_task_again,
            targets=lambda done: [("userTask", done.user_task.id), ("order", done.user_task.order_id)],
        )  # fmt: skip

    @strawberry.mutation(
        extensions=[requires(Permission.PROCESSES_WRITE)],
        description="Store a BPMN 2.0 diagram as the newest version of its process; what runs keeps its version.",
    )
    async def deploy_process_definition(
        self, info: Info, xml: str
    ) -> Annotated[ProcessDeployed | Refusal, strawberry.union("DeployProcessDefinitionResult")]:
        async def work(db: Session) -> ProcessDeployed:
            row = await service.deploy(db, xml.encode(), now=db.now)
            return ProcessDeployed(definition=ProcessDefinition.of(row))

        return await change(
            info, work, body=[xml], again=_definition_again,
            targets=lambda done: [("processDefinition", done.definition.id)],
        )  # fmt: skip


async def _ask(info: Info, instance_id: UUID, ask: Any) -> ProcessChanged:
    async def work(db: Session) -> ProcessChanged:
        row: InstanceRow = await queries.lock_instance(db, instance_id)
        ask(db, row)
        return ProcessChanged(instance=ProcessInstance.of(row))

    return await change(
        info, work, body=[instance_id], again=_instance_again,
        targets=lambda done: [("processInstance", done.instance.id)],
    )  # fmt: skip
