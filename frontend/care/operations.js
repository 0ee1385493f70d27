/** What care asks of the API. Checked against schema.graphql by the tests. */

const PROBLEM = "... on Error { code message path details }";

const CASE = "id kind state orderId facts ownerId dueAt createdAt updatedAt";

export const CASES = `query CareCases($filter: CasesFilter, $after: String) {
  cases(filter: $filter, sort: CREATED_AT, first: 50, after: $after) {
    nodes { ${CASE} }
    pageInfo { hasNextPage endCursor }
  }
}`;

export const WAIT = `mutation CareWait($id: UUID!, $note: String, $until: DateTime) {
  waitCase(id: $id, note: $note, until: $until) { ... on CaseChanged { case { ${CASE} } } ${PROBLEM} }
}`;

export const FINISH = `mutation CareFinish($id: UUID!, $note: String) {
  finishCase(id: $id, note: $note) { ... on CaseChanged { case { ${CASE} } } ${PROBLEM} }
}`;

export const ASSIGN = `mutation CareAssign($id: UUID!, $owner: UUID, $due: DateTime) {
  assignCase(id: $id, ownerId: $owner, dueAt: $due) { ... on CaseChanged { case { ${CASE} } } ${PROBLEM} }
}`;
