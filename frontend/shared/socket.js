/** The socket of live lists: `graphql-transport-ws`, as a client that gives up on a server that answers no ping. */

const PROTOCOL = "graphql-transport-ws";
const FORBIDDEN = 4403;
const SILENT = 10_000; // milliseconds

/**
 * `told` gets each result of a subscription by its id, `refused` one that is not for this person; `lost` is called once,
 * with whether the server does not know who asks.
 * @typedef {{ready: () => void, told: (id: string, data: any) => void, refused: (id: string) => void, lost: (unknown: boolean) => void}} Ears
 * @typedef {{subscribe: (id: string, query: string, variables: Record<string, any>) => void, unsubscribe: (id: string) => void, ping: () => void, close: () => void}} Line
 */

/** Open the line; who asks is known by the session's cookie. @param {Ears} ears @returns {Line} */
export function openLine(ears) {
  const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/graphql`, PROTOCOL);
  let silence = 0;
  let over = false;

  /** @param {Record<string, any>} message */
  const send = (message) => socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify(message));

  function close() {
    over = true;
    clearTimeout(silence);
    socket.close();
  }

  /** @param {boolean} unknown */
  function lose(unknown) {
    if (over) return;
    close();
    ears.lost(unknown);
  }

  socket.onopen = () => send({ type: "connection_init" });
  socket.onclose = ({ code }) => lose(code === FORBIDDEN);
  socket.onmessage = ({ data }) => {
    if (over) return;
    clearTimeout(silence);
    const { type, id, payload } = JSON.parse(data);
    if (type === "connection_ack") ears.ready();
    else if (type === "ping") send({ type: "pong" });
    else if (type === "error" || payload?.errors) {
      const [{ extensions }] = payload.errors ?? payload;
      if (extensions?.code === "FORBIDDEN") ears.refused(id);
      else lose(false); // signed out, or too much at once: looking tells which
    } else if (type === "next") ears.told(id, payload.data);
  };

  return {
    close,
    subscribe: (id, query, variables) => send({ id, type: "subscribe", payload: { query, variables } }),
    unsubscribe: (id) => send({ id, type: "complete" }),
    ping() {
      send({ type: "ping" });
      clearTimeout(silence);
      silence = setTimeout(() => lose(false), SILENT);
    },
  };
}
