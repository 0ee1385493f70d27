/** What the page of contacts asks of the API. */

const PROBLEM = "... on Error { code message path details }";

const CONTACT = "id channel direction topic text address correctsId followUpOn followUpDoneAt followUpDoneBy createdAt createdBy notificationId";

export const CONTACTS = `query CareContacts($id: UUID, $number: String) {
  order(id: $id, number: $number) {
    id number state placedAt promisedOn email language channel { name } total { amount currency }
  }
  contacts(filter: { orderId: $id, orderNumber: $number }, first: 100) { nodes { ${CONTACT} } }
}`;

export const BOUNCES = `query CareBounces($order: UUID!) {
  notifications(orderId: $order, first: 50) { nodes { id template subject recipient state bounce bouncedAt } }
}`;

export const LOG = `mutation CareLog($input: ContactInput!) {
  logContact(input: $input) { ... on Contact { ${CONTACT} } ${PROBLEM} }
}`;

export const CORRECT = `mutation CareCorrect($id: UUID!, $topic: String!, $text: String!) {
  correctContact(id: $id, topic: $topic, text: $text) { ... on Contact { ${CONTACT} } ${PROBLEM} }
}`;

export const FOLLOWED_UP = `mutation CareFollowedUp($id: UUID!) {
  completeFollowUp(id: $id) { ... on Contact { ${CONTACT} } ${PROBLEM} }
}`;

export const WRITE = `mutation CareWrite($order: UUID!, $topic: String!, $text: String!, $followUpOn: Date) {
  writeToCustomer(orderId: $order, topic: $topic, text: $text, followUpOn: $followUpOn) { ... on Contact { ${CONTACT} } ${PROBLEM} }
}`;

export const FILLED = `query CareFilled($order: UUID!, $template: String!, $on: Date) {
  previewMessage(orderId: $order, template: $template, expectedOn: $on) { subject body imagined }
}`;
