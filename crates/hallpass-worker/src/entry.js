// The Worker's main module: it waits for the body, and then lets Rust answer in one call.
//
// Waiting is done here because a promise costs JavaScript little and WebAssembly a lot. For the same reason this is
// a plain object and no WorkerEntrypoint, of which the runtime would make a new one for each request.

import { env as bindings } from "cloudflare:workers";
import * as hallpass from "./hallpass.js";

/** State of the worker crate: whether an error has left the module unusable, and the number of the module. */
const state = hallpass.__worker_init_state();

const LIMIT = hallpass.max_body_bytes();
const EMPTY = new Uint8Array(0);

/** Bindings of a deployment that does not exist, for a mint before the first request. */
const PLACEHOLDER = {
  AGORA_APP_ID: "00000000000000000000000000000000",
  AGORA_APP_CERTIFICATE: "00000000000000000000000000000000",
  HALLPASS_CONFIG: '{"auth":{"open":true}}',
};

/** Why the start failed; the platform assigns log lines to requests, so the first request logs it. */
let startError;

try {
  hallpass.start(bindings, PLACEHOLDER);
} catch (error) {
  startError = error;
  state.criticalError = true;
}

export default {
  fetch(request, env, context) {
    const method = request.method;
    if (method === "GET" || method === "HEAD") return answer(request, env, context, method, EMPTY, false);
    const answerWith = (body) => answer(request, env, context, method, body, body === undefined);
    // Without a body that is too large, Rust takes it for broken.
    return readBody(request).then(answerWith, () => answer(request, env, context, method, undefined, false));
  },
};

function answer(request, env, context, method, body, isTooLarge) {
  if (startError !== undefined) logStartError();
  if (state.criticalError) replaceModule();
  const id = requestId(request);
  const answered = guarded(() => hallpass.answer(request, env, method, request.url, id, body, isTooLarge));
  return respondOrWait(answered, context);
}

/**
 * The response that Rust has at once, or a promise of it. Rust otherwise gives a task, the promise that the task waits for,
 * and maybe a response that does not wait for the task.
 */
function respondOrWait(answered, context) {
  if (!Array.isArray(answered)) return answered;
  const [task, promise, response] = answered;
  const rest = resume(task, promise, context);
  // A client that goes away must not take along what others wait for, such as the keys of an issuer.
  context.waitUntil(rest);
  return response ?? rest;
}

async function resume(task, promise, context) {
  const { instanceId } = state;
  let value;
  let isFulfilled = false;
  try {
    value = await promise;
    isFulfilled = true;
  } catch {
    // Rust distinguishes no reasons.
  }
  // The tasks of one module are not those of the next.
  if (instanceId !== state.instanceId || state.criticalError) {
    throw new Error("an error ended the module while this request waited");
  }
  return respondOrWait(guarded(() => hallpass.resume(task, value, isFulfilled)), context);
}

/** Calls Rust. Whatever it throws may have left its memory in any state. */
function guarded(call) {
  try {
    return call();
  } catch (error) {
    state.criticalError = true;
    throw error;
  }
}

function replaceModule() {
  hallpass.__wbg_reset_state();
  state.criticalError = false;
}

function logStartError() {
  const reason = String(startError);
  startError = undefined;
  console.error(JSON.stringify({ level: "ERROR", event: "start_failed", reason }));
}

/** Cloudflare's own id of the request. Elsewhere a client may send one, and not everything can stand in a header. */
function requestId(request) {
  const ray = request.headers.get("cf-ray");
  return ray !== null && /^[0-9A-Za-z-]{1,64}$/.test(ray) ? ray : crypto.randomUUID();
}

/** Reads a body of known length at once, and one of unknown length in pieces; one over the limit is `undefined`. */
function readBody(request) {
  const length = request.headers.get("content-length");
  // A sender that gives two lengths is believed in neither.
  const isCounted = length !== null && request.headers.get("transfer-encoding") === null;
  if (!isCounted) return readPieces(request.body);
  if (Number(length) > LIMIT) return Promise.resolve(undefined);
  return request.bytes();
}

async function readPieces(stream) {
  if (stream === null) return EMPTY;
  const body = new Uint8Array(LIMIT);
  let length = 0;
  for await (const piece of stream) {
    if (length + piece.length > LIMIT) return undefined;
    body.set(piece, length);
    length += piece.length;
  }
  return body.subarray(0, length);
}
