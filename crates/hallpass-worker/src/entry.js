// The Worker's main module: it waits for the body, and then lets Rust answer in one call.
//
// Waiting is done here because a promise costs JavaScript little and WebAssembly a lot. For the same reason this is
// a plain object and no WorkerEntrypoint, of which the runtime would make a new one for each request.

import { env as bindings } from "cloudflare:workers";
import * as hallpass from "./hallpass.js";

/** Of the worker crate: says whether a panic has left the module unusable. */
const state = hallpass.__worker_init_state();

const LIMIT = hallpass.max_body_bytes();
const EMPTY = new Uint8Array(0);

/** Bindings of a deployment that does not exist, for a mint before the first request. */
const PLACEHOLDER = {
  AGORA_APP_ID: "00000000000000000000000000000000",
  AGORA_APP_CERTIFICATE: "00000000000000000000000000000000",
  HALLPASS_CONFIG: '{"auth":{"open":true}}',
};

try {
  hallpass.start(bindings, PLACEHOLDER);
} catch {
  // The first request replaces the module.
  state.criticalError = true;
}

export default {
  fetch(request, env, context) {
    const method = request.method;
    if (method === "GET" || method === "HEAD") return answer(request, env, context, method, EMPTY, false);
    return answerWithBody(request, env, context, method);
  },
};

async function answerWithBody(request, env, context, method) {
  let body;
  let isTooLarge = false;
  try {
    body = await readBody(request);
    isTooLarge = body === undefined;
  } catch {
    // Without a body that is too large, Rust takes it for broken.
  }
  return answer(request, env, context, method, body, isTooLarge);
}

function answer(request, env, context, method, body, isTooLarge) {
  if (state.criticalError) {
    hallpass.__wbg_reset_state();
    state.criticalError = false;
  }
  try {
    const id = requestId(request);
    const answered = hallpass.answer(request, env, context, method, request.url, id, body, isTooLarge);
    if (!(answered instanceof Promise)) return answered;
    // A client that goes away must not take along what others wait for, such as the keys of an issuer.
    context.waitUntil(answered);
    return answered;
  } catch (error) {
    state.criticalError ||= error instanceof WebAssembly.RuntimeError;
    throw error;
  }
}

/** Cloudflare's own id of the request. Elsewhere a client may send one, and not everything can stand in a header. */
function requestId(request) {
  const ray = request.headers.get("cf-ray");
  return ray !== null && /^[0-9A-Za-z-]{1,64}$/.test(ray) ? ray : crypto.randomUUID();
}

/** A body of known length is read at once, one of unknown length in pieces; one over the limit is `undefined`. */
async function readBody(request) {
  const length = request.headers.get("content-length");
  // A sender that gives two lengths is believed in neither.
  const isCounted = length !== null && request.headers.get("transfer-encoding") === null;
  if (!isCounted) return readPieces(request.body);
  if (Number(length) > LIMIT) return undefined;
  return new Uint8Array(await request.arrayBuffer());
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
