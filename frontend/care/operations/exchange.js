/** What the change workbench asks about goods given for others. Checked against schema.graphql. */

const PROBLEM = "... on Error { code message path details }";

const SUM = "{ amount currency }";

const PREVIEW = `token way arrivesOn dueAt heldUntil credited ${SUM} cost ${SUM} kept ${SUM} refund ${SUM} fee ${SUM} toPay ${SUM}
  method { kind label }
  lines { orderLineId name newSku newName quantity samePrice missing worth { gross ${SUM} } cost { gross ${SUM} } }
  messages { template subject text }`;

const EXCHANGE = "id number state way";

export const PREVIEW_EXCHANGE = `query CarePreviewExchange($input: ExchangeInput!) {
  previewExchange(input: $input) { ${PREVIEW} }
}`;

export const CREATE_EXCHANGE = `mutation CareCreateExchange($input: ExchangeInput!, $token: String!) {
  createExchange(input: $input, token: $token) {
    ... on ExchangeChanged { exchange { ${EXCHANGE} } }
    ... on ExchangeStale { code message moved preview { ${PREVIEW} } }
    ${PROBLEM}
  }
}`;

export const APPROVE_EXCHANGE = `mutation CareApproveExchange($id: UUID!) {
  approveExchange(id: $id) { ... on ExchangeChanged { exchange { ${EXCHANGE} } } ${PROBLEM} }
}`;

export const CANCEL_EXCHANGE = `mutation CareCancelExchange($id: UUID!, $reason: String!) {
  cancelExchange(id: $id, reason: $reason) { ... on ExchangeChanged { exchange { ${EXCHANGE} } } ${PROBLEM} }
}`;
