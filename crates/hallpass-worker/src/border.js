// What Rust calls in JavaScript.

/** One header of a request. */
export function header(request, name) {
  return request.headers.get(name) ?? undefined;
}

/** Headers that every response carries with the same value; set once. */
let common = {};

export function set_common_headers(lines) {
  common = parse(lines);
}

/** Headers beside the usual ones, as an object that Rust keeps to use again. */
export function more_headers(lines) {
  return parse(lines);
}

/**
 * A response. Its usual headers come as they are; others, which few responses have, as `more`. The body is copied:
 * the memory that it lies in is used again.
 */
export function respond(status, type, id, more, body) {
  const headers = { ...common, "content-type": type, "x-request-id": id, ...more };
  if (type === undefined) delete headers["content-type"];
  // JavaScript has no 204 with a body, not even with an empty one.
  return new Response(body.length > 0 ? body.slice() : null, { status, headers });
}

/** Reads "name\nvalue\n…". */
function parse(lines) {
  const texts = new TextDecoder().decode(lines).split("\n");
  const headers = {};
  for (let i = 0; i + 1 < texts.length; i += 2) headers[texts[i]] = texts[i + 1];
  return headers;
}
