/** What the panel of a doubtful order asks of the API. */

const PROBLEM = "... on Error { code message path details }";

export const RISK = `query CareRisk($order: UUID!) {
  riskAssessment(orderId: $order) { id state score facts decidedBy note reasons { code score text } }
  order(id: $order) { number currency customerId }
}`;

export const REVIEW = `mutation CareReview($order: UUID!, $accept: Boolean!, $note: String) {
  reviewRisk(orderId: $order, accept: $accept, note: $note) { ... on RiskReviewed { assessment { id state } } ${PROBLEM} }
}`;
