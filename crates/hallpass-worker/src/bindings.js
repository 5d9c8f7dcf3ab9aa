// What Rust calls in JavaScript.

/** One header of a request. */
export function header(request, name) {
  return request.headers.get(name) ?? undefined;
}

/**
 * Creates a response with these headers and the id of the request. The body is copied, because Rust reuses its memory.
 */
export function respond(status, headers, id, body) {
  // JavaScript has no 204 with a body, not even with an empty one.
  const content = body.length > 0 ? body.slice() : null;
  return new Response(content, { status, headers: { ...headers, "x-request-id": id } });
}

/** Reads headers from "name\nvalue\n…", into an object that Rust keeps. */
export function parse_headers(lines) {
  const texts = new TextDecoder().decode(lines).split("\n");
  const headers = {};
  for (let i = 0; i + 1 < texts.length; i += 2) headers[texts[i]] = texts[i + 1];
  return headers;
}

/**
 * Sends a request, and reads the answer: its status, its body, and those of its headers that are taken. `headers` holds
 * names and values in turn. No redirect is followed: it would lead away from the address that was configured. Returns
 * `undefined` if the body is too large, and `null` after the time limit. Rejects if there is no connection.
 */
export async function send(method, url, headers, body, taken, maxBytes, seconds) {
  const signal = AbortSignal.timeout(seconds * 1000);
  const pairs = [];
  for (let i = 0; i < headers.length; i += 2) pairs.push([headers[i], headers[i + 1]]);
  // The memory that it lies in is used again before the runtime is done.
  const sent = body.length > 0 ? body.slice() : undefined;
  try {
    const answer = await fetch(url, { method, redirect: "manual", signal, headers: pairs, body: sent });
    const read = new Uint8Array(maxBytes);
    let length = 0;
    for await (const piece of answer.body ?? []) {
      if (length + piece.length > maxBytes) return undefined;
      read.set(piece, length);
      length += piece.length;
    }
    return [answer.status, read.subarray(0, length), ...taken.map((name) => answer.headers.get(name))];
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}

/**
 * The secrets of these bindings of the Secrets Store, in their order. In the place of one that the store does not give
 * is `undefined`, and of one that is not there in time `null`. It never rejects.
 */
export async function read_secrets(env, names, milliseconds) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, milliseconds, null);
  });
  const read = async (name) => {
    try {
      return await env[name].get();
    } catch {
      // What the store says may repeat anything.
      return undefined;
    }
  };
  const secrets = await Promise.all(names.map((name) => Promise.race([read(name), late])));
  clearTimeout(timer);
  return secrets;
}

/** What the runtime calls the algorithms of keys, by the type of the key. */
const ALGORITHMS = {
  RSA: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  EC: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  OKP: { name: "Ed25519" },
};

/** Imports a JWK, into an object that Rust keeps. */
export async function import_key(jwk) {
  const parsed = JSON.parse(jwk);
  const algorithm = ALGORITHMS[parsed.kty];
  return { algorithm, key: await crypto.subtle.importKey("jwk", parsed, algorithm, false, ["verify"]) };
}

/**
 * Whether the imported key signed the message. Rust uses the memory of both again while the promise is pending; WebCrypto
 * (section 14.3.4) reads them before it returns.
 */
export function verify({ algorithm, key }, message, signature) {
  return crypto.subtle.verify(algorithm, key, signature, message);
}

/** Whether the deployment has a rate limiter. */
export function has_limiter(env) {
  return env.RATE_LIMIT !== undefined;
}

/** Counts a request, and says whether it is within the limit. */
export async function is_within_limit(env, key) {
  const { success } = await env.RATE_LIMIT.limit({ key });
  return success;
}

export function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
