/** What care asks about money that is open or disputed. Checked against schema.graphql. */

const PROBLEM = "... on Error { code message path details }";

const SUM = "{ amount currency }";

const DISPUTE = `id state inquiry reason reasonText(language: $language) dueAt openedAt closedAt held reference amount ${SUM} answers { id kind outcome error askedAt askedBy }`;

export const OWED_ORDER = `query CareOwedOrder($id: UUID, $number: String) {
  order(id: $id, number: $number) { id number state placedAt promisedOn currency chargeStatus channel { name } total ${SUM} }
}`;

export const OWED = `query CareOwed($id: UUID!, $language: Language!) {
  owedInvoices(orderId: $id) {
    id number state dueOn daysOverdue level nextLevel nextOn payUrl gross ${SUM} open ${SUM}
    plan { pausedUntil reason agreedBy agreedAt instalments { number dueOn amount } }
    parts { instalment dueOn level open ${SUM} }
  }
  disputes(filter: { orderId: $id }, first: 20) { nodes { ${DISPUTE} } }
}`;

export const AGREE = `mutation CareAgree($id: UUID!, $until: Date, $instalments: [InstalmentInput!], $reason: String!) {
  agreeDunning(invoiceId: $id, pausedUntil: $until, instalments: $instalments, reason: $reason) { ... on DunningPlan { invoiceId pausedUntil } ${PROBLEM} }
}`;

export const WRITE_OFF = `mutation CareWriteOff($id: UUID!, $reason: String!) {
  writeOffInvoice(invoiceId: $id, reason: $reason) { ... on DebtDecision { id } ${PROBLEM} }
}`;

export const EVIDENCE = `query CareEvidence($id: UUID!) {
  disputeEvidence(id: $id) { texts { name text } documents { purpose documentId } }
}`;

export const COLLECT = `mutation CareCollect($id: UUID!) {
  collectEvidence(id: $id) { ... on EvidenceCollected { document { id url } } ${PROBLEM} }
}`;

export const CONTEST = `mutation CareContest($input: ContestDisputeInput!) {
  contestDispute(input: $input) { ... on DisputeAnswered { dispute { id state } } ${PROBLEM} }
}`;

export const ACCEPT = `mutation CareAccept($id: UUID!) {
  acceptDispute(id: $id) { ... on DisputeAnswered { dispute { id state } } ${PROBLEM} }
}`;
