/** What the page of a customer asks and does. Checked against schema.graphql by the tests. */

const PROBLEM = "... on Error { code message path details }";
const DONE = `{ ... on CustomerChanged { customer { id } } ${PROBLEM} }`;

export const CUSTOMER = `query CareCustomer($id: UUID!) {
  customerProfile(id: $id) {
    customer { id number kind name company email phone language vatId tags consents createdAt
      addresses { id kind name company street extra postalCode city country } }
    values { orders ordered { amount currency } refunded { amount currency } }
    returnShare shipped returned mergedIntoId erasedAt
    listings { kind value blocked reason until createdBy createdAt }
    consentChanges { purpose granted source at by }
    returns { id number state orderNumber requestedAt }
    credits { id kind state amount { amount currency } reason orderNumber requestedAt }
    merged { id number name email }
    exports { id createdAt }
  }
  contacts(filter: { customerId: $id }, first: 5) { nodes { id channel direction topic text address createdAt createdBy } }
  orders(filter: { customerId: $id }, sort: PLACED_AT_DESC, first: 20) {
    nodes { id number state placedAt total { amount currency } channel { name } }
    pageInfo { hasNextPage }
  }
}`;

export const PEOPLE = `query CarePeople($term: String!) {
  search(term: $term, kinds: [CUSTOMER_NUMBER, EMAIL, PHONE, NAME, POSTAL_CODE], first: 10) {
    tooMany hits { value person { id number name email city } }
  }
}`;

export const MERGE_PREVIEW = `query CareMergePreview($keep: UUID!, $merge: UUID!) {
  previewCustomerMerge(keepId: $keep, mergeId: $merge) {
    other { id number name } differences { field kept other } gained { field other } moved { table count }
  }
}`;

export const MERGE = `mutation CareMerge($keep: UUID!, $merge: UUID!, $take: [String!]) {
  mergeCustomers(keepId: $keep, mergeId: $merge, take: $take) ${DONE}
}`;

export const LIST = `mutation CareList($id: UUID!, $blocked: Boolean, $reason: String!, $until: DateTime) {
  listCustomer(id: $id, blocked: $blocked, reason: $reason, until: $until) ${DONE}
}`;

export const CONSENT = `mutation CareConsent($id: UUID!, $purpose: String!, $granted: Boolean!, $how: String!) {
  setCustomerConsent(id: $id, purpose: $purpose, granted: $granted, how: $how) ${DONE}
}`;

export const EXPORT = `mutation CareExport($id: UUID!) {
  exportCustomer(id: $id) { ... on CustomerExportRequested { customerId } ${PROBLEM} }
}`;

export const ERASURE = `query CareErasure($id: UUID!) {
  previewCustomerErasure(id: $id) { parts { table erased kept reason } blockers { kind orderNumber } }
}`;

export const ERASE = `mutation CareErase($id: UUID!, $reason: String!) {
  eraseCustomer(id: $id, reason: $reason) ${DONE}
}`;

export const NOTE_CUSTOMER = `mutation CareNoteCustomer($name: String!, $email: String, $phone: String, $language: String) {
  noteCustomer(name: $name, email: $email, phone: $phone, language: $language) ${DONE}
}`;
