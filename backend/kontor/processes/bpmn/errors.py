"""Why a definition is refused: every problem names the element at fault."""

from dataclasses import dataclass

from kontor.core.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a definition; `code` is stable, `element` is the XML id (or the tag where there is none)."""

    code: str
    element: str
    message: str


class InvalidDefinition(InvalidInput):
    """The XML is no process that could run; `problems` lists everything that was found."""

    default_code = "INVALID_PROCESS_DEFINITION"

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__(
            "; ".join(f"{problem.element}: {problem.message}" for problem in problems),
            path=(problems[0].element,),
            problems=[(problem.code, problem.element, problem.message) for problem in problems],
        )


class UnsupportedElement(InvalidInput):
    """The XML is BPMN, but uses an element outside the supported subset."""

    default_code = "UNSUPPORTED_PROCESS_ELEMENT"

    def __init__(self, element_type: str, element_id: str) -> None:
        self.element_type = element_type
        self.element_id = element_id
        super().__init__(
            f"{element_type} ({element_id}) is not supported",
            path=(element_id,),
            element_type=element_type,
            element_id=element_id,
        )
