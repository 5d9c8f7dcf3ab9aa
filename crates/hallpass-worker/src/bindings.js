// JavaScript functions that Rust calls.

/** Returns one header of a request. */
export function header(request, name) {
  return request.headers.get(name) ?? undefined;
}

/** Creates a response with these headers and the request ID. The body is copied, because Rust reuses its memory. */
export function respond(status, headers, id, body) {
  // The constructor rejects a 204 with a body, even with an empty one.
  const content = body.length > 0 ? body.slice() : null;
  return new Response(content, { status, headers: { ...headers, "x-request-id": id } });
}

/** Parses headers from "name\nvalue\n…", into an object that Rust keeps. */
export function parse_headers(lines) {
  const strings = new TextDecoder().decode(lines).split("\n");
  const headers = {};
  for (let i = 0; i + 1 < strings.length; i += 2) headers[strings[i]] = strings[i + 1];
  return headers;
}

/**
 * Sends a request and returns the response: an array of its status, its body, and its headers with the names in
 * `captured`. `headers` holds names and values in turn. Redirects are not followed, because they would lead away from
 * the configured URL. Returns `undefined` if the body is too large, and `null` after the time limit. Rejects if the
 * connection fails.
 */
export async function send(method, url, headers, body, captured, maxBytes, seconds) {
  const signal = AbortSignal.timeout(seconds * 1000);
  const pairs = [];
  for (let i = 0; i < headers.length; i += 2) pairs.push([headers[i], headers[i + 1]]);
  // The body is copied, because Rust can reuse its memory before the runtime has sent it.
  const content = body.length > 0 ? body.slice() : undefined;
  try {
    const response = await fetch(url, { method, redirect: "manual", signal, headers: pairs, body: content });
    const buffer = new Uint8Array(maxBytes);
    let length = 0;
    for await (const chunk of response.body ?? []) {
      if (length + chunk.length > maxBytes) return undefined;
      buffer.set(chunk, length);
      length += chunk.length;
    }
    const values = captured.map((name) => response.headers.get(name));
    return [response.status, buffer.subarray(0, length), ...values];
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}

/**
 * Reads the secrets with these bindings from the Secrets Store, in this order. The result is `undefined` for a secret that
 * the store does not return, and `null` for a secret that exceeds the time limit. Never rejects.
 */
export async function read_secrets(env, names, milliseconds) {
  let timer;
  const timeout = new Promise((resolve) => {
    timer = setTimeout(resolve, milliseconds, null);
  });
  const read = async (name) => {
    try {
      return await env[name].get();
    } catch {
      // The error is discarded, because its message could contain anything.
      return undefined;
    }
  };
  const secrets = await Promise.all(names.map((name) => Promise.race([read(name), timeout])));
  clearTimeout(timer);
  return secrets;
}

/** WebCrypto's parameters for keys, by the key type (`kty`). */
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
 * Returns whether the imported key signed the message. Rust reuses the memory of both arrays while the promise is pending.
 * This is safe because WebCrypto copies them before it returns (section 14.3.4).
 */
export function verify({ algorithm, key }, message, signature) {
  return crypto.subtle.verify(algorithm, key, signature, message);
}

/** Returns whether the deployment has a rate limiter. */
export function has_limiter(env) {
  return env.RATE_LIMIT !== undefined;
}

/** Counts a request, and returns whether it is within the limit. */
export async function is_within_limit(env, key) {
  const { success } = await env.RATE_LIMIT.limit({ key });
  return success;
}

export function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
