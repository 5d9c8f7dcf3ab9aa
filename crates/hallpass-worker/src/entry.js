// The Worker's main module, which waits for the body and then calls Rust once.
//
// The waiting is done here, because a promise is inexpensive in JavaScript and expensive in WebAssembly. For the same
// reason the default export is a plain object: the runtime would create a new WorkerEntrypoint for each request.

import { env as bindings } from "cloudflare:workers";
import * as hallpass from "./hallpass.js";

/** State of the Rust module: whether an error has left it unusable (`criticalError`), and its number (`instanceId`). */
const state = hallpass.__worker_init_state();

const MAX_BODY_BYTES = hallpass.max_body_bytes();
const EMPTY = new Uint8Array(0);

/** Bindings of a deployment that does not exist, for a mint before the first request. */
const PLACEHOLDER = {
  AGORA_APP_ID: "00000000000000000000000000000000",
  AGORA_APP_CERTIFICATE: "00000000000000000000000000000000",
  HALLPASS_CONFIG: '{"auth":{"open":true}}',
};

/** The error that made the start fail. The first request logs it, because the platform assigns log lines to requests. */
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
    // A body that is `undefined` and not too large could not be read.
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
 * Returns the response, or a promise of it. If Rust must wait, its result is an array: a task, the promise that the task
 * waits for, and, if it does not depend on the task, the response.
 */
function toResponse(result, context) {
  if (!Array.isArray(result)) return result;
  const [task, promise, response] = result;
  const rest = resumeTask(task, promise, context);
  // If the client disconnects, the task continues, because other requests can depend on it (an issuer's keys, for example).
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
    // Rust handles all errors alike.
  }
  // Replacing the module discards its tasks.
  if (instanceId !== state.instanceId || state.criticalError) {
    throw new Error("The module was replaced after an error, while this request waited. Send the request again.");
  }
  return toResponse(callModule(() => hallpass.resume_task(task, value, isFulfilled)), context);
}

/** Calls Rust. After any exception the module's memory may be inconsistent, so the next request replaces the module. */
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
 * Returns Cloudflare's own ID of the request. Outside of Cloudflare a client can send the header, so an ID with
 * characters that a header or log line should not contain is replaced.
 */
function requestId(request) {
  const ray = request.headers.get("cf-ray");
  return ray !== null && /^[0-9A-Za-z-]{1,64}$/.test(ray) ? ray : crypto.randomUUID();
}

/** Reads the body, in chunks if its length is unknown. Returns `undefined` if the body exceeds the limit. */
function readBody(request) {
  const length = request.headers.get("content-length");
  // If the request has a Transfer-Encoding too, its Content-Length is not trusted.
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
