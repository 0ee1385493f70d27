/** What the search asks. Checked against schema.graphql by the tests. */

const ORDER = "id number state placedAt total { amount currency }";

export const SEARCH = `query CareSearch($term: String!) {
  search(term: $term, first: 20) {
    tooMany
    hits { kind closeness value order { ${ORDER} } person { id number name email city masked } orders { ${ORDER} } }
  }
}`;

export const DESK = `query CareDesk($me: UUID) {
  caseQueues { queue open escalated }
  cases(filter: { ownerId: $me, states: [ASSIGNED, WAITING] }, first: 50) { nodes { id } pageInfo { hasNextPage } }
}`;
