/** What care asks about goods that come back, money that goes back, and goodwill. Checked against schema.graphql. */

const PROBLEM = "... on Error { code message path details }";

const SUM = "{ amount currency }";

const DUE = `amount ${SUM} lines { orderLineId quantity gross ${SUM} } explanations { rule text amount ${SUM} }`;

const GIVEN = `id form state reason requestedAt requestedBy amount ${SUM}`;

export const REFUND_ORDER = `query CareRefundOrder($id: UUID, $number: String) {
  order(id: $id, number: $number) {
    id number currency state placedAt promisedOn channel { name } total ${SUM}
    lines { id name sku kind ordered shipped returned refunded gross ${SUM} }
    charges { id kind name charged gross ${SUM} refunded ${SUM} }
    payments { id kind label captured ${SUM} refunded ${SUM} }
    returns { id number state }
  }
}`;

export const GIVEN_BEFORE = `query CareGivenBefore($id: UUID!) {
  goodwill(filter: { orderId: $id }, first: 20) { nodes { ${GIVEN} } }
  claims(filter: { orderId: $id }, first: 20) { nodes { id number kind state remedy wished note decision returnsGoods openedAt openedBy lines { orderLineId quantity } photos { id address } } }
}`;

export const PREVIEW_RETURN = `query CarePreviewReturn($orderId: UUID!, $lines: [ReturnLineInput!]!) {
  previewReturn(orderId: $orderId, lines: $lines) { ${DUE} }
}`;

export const REQUEST_RETURN = `mutation CareRequestReturn($orderId: UUID!, $lines: [ReturnLineInput!]!, $note: String) {
  requestReturn(orderId: $orderId, lines: $lines, note: $note) { ... on ReturnChanged { return { id number state announcedWith { number } } } ${PROBLEM} }
}`;

export const PREVIEW_CLAIM = `query CarePreviewClaim($input: OpenClaimInput!) {
  previewClaim(input: $input) { ${DUE} }
}`;

export const OPEN_CLAIM = `mutation CareOpenClaim($input: OpenClaimInput!) {
  openClaim(input: $input) { ... on ClaimChanged { claim { id number state } } ${PROBLEM} }
}`;

export const APPROVE_CLAIM = `mutation CareApproveClaim($input: ApproveClaimInput!) {
  approveClaim(input: $input) { ... on ClaimChanged { claim { id number state } } ${PROBLEM} }
}`;

export const PREVIEW_DECISION = `query CarePreviewDecision($id: UUID!) {
  previewClaimDecision(id: $id) { ${DUE} }
}`;

export const DENY_CLAIM = `mutation CareDenyClaim($id: UUID!, $reason: String!) {
  denyClaim(id: $id, reason: $reason) { ... on ClaimChanged { claim { id state } } ${PROBLEM} }
}`;

export const CANCEL_CLAIM = `mutation CareCancelClaim($id: UUID!, $reason: String!) {
  cancelClaim(id: $id, reason: $reason) { ... on ClaimChanged { claim { id state } } ${PROBLEM} }
}`;

export const PREVIEW_GOODWILL = `query CarePreviewGoodwill($input: PreviewGoodwillInput!) {
  previewGoodwill(input: $input) {
    token needsApproval amount ${SUM} tax ${SUM} available ${SUM} ownLimit ${SUM}
    lines { name gross ${SUM} }
    shares { amount ${SUM} credited ${SUM} payment { kind label } }
    messages { template subject text }
  }
}`;

export const GRANT_GOODWILL = `mutation CareGrantGoodwill($input: GrantGoodwillInput!) {
  grantGoodwill(input: $input) { ... on GoodwillChanged { goodwill { ${GIVEN} } } ${PROBLEM} }
}`;

export const RECALL_GOODWILL = `mutation CareRecallGoodwill($id: UUID!) {
  recallGoodwill(id: $id) { ... on GoodwillChanged { goodwill { ${GIVEN} } } ${PROBLEM} }
}`;

export const APPROVE_GOODWILL = `mutation CareApproveGoodwill($id: UUID!) {
  approveGoodwill(id: $id) { ... on GoodwillChanged { goodwill { ${GIVEN} } } ${PROBLEM} }
}`;

export const DECLINE_GOODWILL = `mutation CareDeclineGoodwill($id: UUID!, $reason: String!) {
  declineGoodwill(id: $id, reason: $reason) { ... on GoodwillChanged { goodwill { ${GIVEN} } } ${PROBLEM} }
}`;

export const RETRY_REFUND = `mutation CareRetryRefund($id: UUID!) {
  retryRefund(id: $id) { ... on RefundChanged { refund { id state } } ${PROBLEM} }
}`;

export const PAY_BY_TRANSFER = `mutation CarePayByTransfer($id: UUID!, $name: String!, $iban: String!) {
  payRefundByTransfer(id: $id, name: $name, iban: $iban) { ... on RefundTransferred { refund { id state } } ${PROBLEM} }
}`;

export const REFUNDS_OF = `query CareRefundsOf($id: UUID!) {
  order(id: $id) { billingAddress { name } refunds { id state error amount ${SUM} } }
}`;

export const RETURN_PLACES = `query CareReturnPlaces {
  stockLocations(sort: NAME, first: 200) { nodes { id name acceptsReturns active } }
}`;

export const TAKE_BACK = `mutation CareTakeBack($orderId: UUID!, $lines: [ReturnLineInput!]!, $place: UUID!, $note: String!) {
  requestReturn(orderId: $orderId, lines: $lines, locationId: $place, note: $note, anyway: true) {
    ... on ReturnChanged { return { id number lines { id orderLineId quantity } } }
    ${PROBLEM}
  }
}`;

export const RECEIVE_RETURN = `mutation CareReceiveReturn($id: UUID!, $place: UUID!, $lines: [LineQuantityInput!]!, $findings: [FindingInput!]!) {
  receiveReturn(id: $id, locationId: $place, lines: $lines, findings: $findings) { ... on ReturnChanged { return { id state } } ${PROBLEM} }
}`;

export const PREVIEW_REFUND = `query CarePreviewRefund($orderId: UUID!, $amount: MoneyInput!, $chargeId: UUID, $shares: [RefundShareInput!], $noteToCustomer: String) {
  previewRefund(orderId: $orderId, amount: $amount, chargeId: $chargeId, shares: $shares, noteToCustomer: $noteToCustomer) {
    amount ${SUM} refundable ${SUM} needsApproval
    shares { amount ${SUM} credited ${SUM} payment { id kind label } }
    messages { template subject text }
  }
}`;

export const ISSUE_REFUND = `mutation CareIssueRefund($input: IssueRefundInput!) {
  issueRefund(input: $input) { ... on RefundChanged { refund { id state amount ${SUM} } } ${PROBLEM} }
}`;

export const RECALL_REFUND = `mutation CareRecallRefund($id: UUID!) {
  recallRefund(id: $id) { ... on RefundChanged { refund { id state } } ${PROBLEM} }
}`;
