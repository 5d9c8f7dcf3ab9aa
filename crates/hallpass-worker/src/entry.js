// The Worker's main module, which waits for the request's body before it calls Rust.
//
// JavaScript waits for the body, because a promise is inexpensive in JavaScript and expensive in WebAssembly. The default
// export is a plain object, because the runtime would create a new `WorkerEntrypoint` for each request.

import { env as bindings } from "cloudflare:workers";
import * as hallpass from "./hallpass.js";

/**
 * State of the Rust module. `criticalError` is true if an error has made the module unusable. `instanceId` is the number
 * of the module's instance, and changes when the module is replaced.
 */
const state = hallpass.__worker_init_state();

const MAX_BODY_BYTES = hallpass.max_body_bytes();
const EMPTY = new Uint8Array(0);

/** Placeholder bindings for the token that is minted before the first request. No deployment has these values. */
const PLACEHOLDER = {
  AGORA_APP_ID: "00000000000000000000000000000000",
  AGORA_APP_CERTIFICATE: "00000000000000000000000000000000",
  HALLPASS_CONFIG: '{"auth":{"open":true}}',
};

/**
 * The error that made the start fail. The first request logs the error, because the platform assigns each log line to a
 * request.
 */
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
    if (method === "GET" || method === "HEAD") return handle(request, env, context, method, EMPTY, false);
    const handleBody = (body) => handle(request, env, context, method, body, body === undefined);
    // If reading the body fails, the body is `undefined` and `isTooLarge` is false.
    return readBody(request).then(handleBody, () => handle(request, env, context, method, undefined, false));
  },
};

function handle(request, env, context, method, body, isTooLarge) {
  if (startError !== undefined) logStartError();
  if (state.criticalError) replaceModule();
  const id = requestId(request);
  const result = callModule(() => hallpass.handle(request, env, method, request.url, id, body, isTooLarge));
  return toResponse(result, context);
}

/**
 * Returns the response, or a promise of the response. If Rust must wait, `result` is an array of the task's number, the
 * promise that the task waits for, and the response. In this array, a response that depends on the task is `undefined`.
 */
function toResponse(result, context) {
  if (!Array.isArray(result)) return result;
  const [task, promise, response] = result;
  const rest = resumeTask(task, promise, context);
  // If the client disconnects, the task continues, because other requests can depend on the task. For example, the task
  // can fetch an issuer's keys.
  context.waitUntil(rest);
  return response ?? rest;
}

async function resumeTask(task, promise, context) {
  const { instanceId } = state;
  let value;
  let isFulfilled = false;
  try {
    value = await promise;
    isFulfilled = true;
  } catch {
    // The error is discarded, because Rust handles all rejected promises in the same way.
  }
  // A replacement of the module discards the module's tasks. After a critical error, the next request replaces the
  // module.
  if (instanceId !== state.instanceId || state.criticalError) {
    throw new Error("The module was replaced after an error, while this request waited. Send the request again.");
  }
  return toResponse(callModule(() => hallpass.resume_task(task, value, isFulfilled)), context);
}

/** Calls Rust. An exception can leave the module's memory inconsistent, so the next request replaces the module. */
function callModule(call) {
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

/**
 * Returns the request ID from Cloudflare's header `cf-ray`. Outside of Cloudflare, a client can set this header. A random
 * UUID therefore replaces an ID that is missing, too long, or contains characters that a header or log line should not
 * contain.
 */
function requestId(request) {
  const ray = request.headers.get("cf-ray");
  return ray !== null && /^[0-9A-Za-z-]{1,64}$/.test(ray) ? ray : crypto.randomUUID();
}

/**
 * Reads the request's body. If the length is unknown, reads the body in chunks. Returns `undefined` if the body exceeds
 * the limit.
 */
function readBody(request) {
  const length = request.headers.get("content-length");
  // If the request also has a Transfer-Encoding, its Content-Length is not trusted.
  const hasKnownLength = length !== null && request.headers.get("transfer-encoding") === null;
  if (!hasKnownLength) return readChunks(request.body);
  if (Number(length) > MAX_BODY_BYTES) return Promise.resolve(undefined);
  return request.bytes();
}

async function readChunks(stream) {
  if (stream === null) return EMPTY;
  const body = new Uint8Array(MAX_BODY_BYTES);
  let length = 0;
  for await (const chunk of stream) {
    if (length + chunk.length > MAX_BODY_BYTES) return undefined;
    body.set(chunk, length);
    length += chunk.length;
  }
  return body.subarray(0, length);
}
