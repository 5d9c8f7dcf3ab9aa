// JavaScript functions that Rust calls.

/** Returns the value of a request header, or `undefined` if the request does not have the header. */
export function header(request, name) {
  return request.headers.get(name) ?? undefined;
}

/**
 * Creates a response with these headers and the request ID. The body is copied, because Rust reuses the memory of `body`.
 */
export function respond(status, headers, id, body) {
  // The `Response` constructor rejects a body with status 204, even an empty body.
  const content = body.length > 0 ? body.slice() : null;
  return new Response(content, { status, headers: { ...headers, "x-request-id": id } });
}

/** Parses headers in the format "name\nvalue\n…". Rust keeps the returned object. */
export function parse_headers(lines) {
  const strings = new TextDecoder().decode(lines).split("\n");
  const headers = {};
  for (let i = 0; i + 1 < strings.length; i += 2) headers[strings[i]] = strings[i + 1];
  return headers;
}

/**
 * Sends a request. `headers` contains names and values alternately. Redirects are not followed, because a redirect could
 * lead away from the configured URL.
 *
 * Returns an array of the response's status, its body, and the values of the headers named in `captured`. Returns
 * `undefined` if the body exceeds `maxBytes`, and `null` if the request exceeds the time limit. If the connection fails,
 * the promise is rejected.
 */
export async function send(method, url, headers, body, captured, maxBytes, seconds) {
  const signal = AbortSignal.timeout(seconds * 1000);
  const pairs = [];
  for (let i = 0; i < headers.length; i += 2) pairs.push([headers[i], headers[i + 1]]);
  // The body is copied, because Rust can reuse the memory of `body` before the runtime has sent the request.
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
 * Reads secrets from the Secrets Store. `names` contains the names of the bindings. Returns an array of values in the
 * order of `names`. A value is `undefined` if the store does not return the secret, and `null` if reading the secret
 * exceeds the time limit. The promise is never rejected.
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
      // The error is discarded, because its message could contain any text, including a secret.
      return undefined;
    }
  };
  const secrets = await Promise.all(names.map((name) => Promise.race([read(name), timeout])));
  clearTimeout(timer);
  return secrets;
}

/** Returns the parameters with which WebCrypto imports a key and verifies signatures. `name` is a value of `alg`. */
function parameters(name, namedCurve) {
  const bits = Number(name.slice(2));
  const hash = `SHA-${bits}`;
  switch (name.slice(0, 2)) {
    case "RS":
      return { name: "RSASSA-PKCS1-v1_5", hash };
    case "PS":
      return { name: "RSA-PSS", hash, saltLength: bits / 8 };
    case "ES":
      return { name: "ECDSA", hash, namedCurve };
    default:
      return { name: "Ed25519" };
  }
}

/**
 * Imports a JWK for an algorithm, which is a value of `alg`. Rust keeps the returned object, which contains the key and the
 * parameters of the algorithm.
 */
export async function import_key(jwk, name) {
  const parsed = JSON.parse(jwk);
  const algorithm = parameters(name, parsed.crv);
  return { algorithm, key: await crypto.subtle.importKey("jwk", parsed, algorithm, false, ["verify"]) };
}

/**
 * Returns whether the imported key signed the message. Rust can reuse the memory of `message` and `signature` while the
 * promise is pending. This reuse is safe, because WebCrypto copies both arrays before `crypto.subtle.verify` returns
 * (section 14.3.4).
 */
export function verify({ algorithm, key }, message, signature) {
  return crypto.subtle.verify(algorithm, key, signature, message);
}

/** Returns whether the Worker has a binding for a rate limiter. */
export function has_limiter(env) {
  return env.RATE_LIMIT !== undefined;
}

/** Counts a request for this key, and returns whether the request is within the rate limit. */
export async function is_within_limit(env, key) {
  const { success } = await env.RATE_LIMIT.limit({ key });
  return success;
}

export function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
