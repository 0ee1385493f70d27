"""BPMN 2.0 XML to a compiled graph, for a documented subset; whatever lies outside is refused with the element named.

Supported: process; start event (none, message); end event (none, terminate, error, escalation); sequence flow with CEL
condition or default; task (passes through), service, user, business rule, send and receive task; exclusive, parallel
and event-based gateway; intermediate catch event (message, timer); intermediate throw event (none, message,
escalation, compensation); boundary event (error, timer, message, escalation, interrupting or not; compensation);
embedded subprocess. Lanes, annotations, diagram interchange and extension elements carry no meaning and are skipped.

Attributes in the namespace `https://kontor.dev/bpmn/1.0` say what the standard leaves open:

- `kontor:task` on a service, business rule, send or user task: the name of the work to do;
- `kontor:retries`: how often the host tries again before it reports a failure;
- `kontor:role` on a user task: who may do it;
- `kontor:extensionPoint` on a task or subprocess: a designated place for a retailer's own steps;
- `kontor:setting` on a timer: the configured waiting time; `timeDuration` beside it is its default;
- `kontor:dueVariable` on a timer: the variable that holds the moment; what else is given applies when it is unset;
- `kontor:buffer` on a message catch: what is kept of messages that come early, `all` (default), `latest` or `none`.
"""
