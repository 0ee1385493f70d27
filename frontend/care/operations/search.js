/** What the search asks. Checked against schema.graphql by the tests. */

const ORDER = "id number state placedAt total { amount currency }";

export const SEARCH = `query CareSearch($term: String!) {
  search(term: $term, first: 20) {
    tooMany
    hits { kind closeness value order { ${ORDER} } person { id number name email city masked } orders { ${ORDER} } }
  }
}`;
