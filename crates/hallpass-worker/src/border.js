// What Rust calls in JavaScript.

/** One header of a request. */
export function header(request, name) {
  return request.headers.get(name) ?? undefined;
}

/** Headers that every response carries; set once. */
let common = {};

export function set_common_headers(lines) {
  common = parse(lines);
}

/** A response with the common headers and those in `lines`. The body is copied: the memory it lies in is reused. */
export function respond(status, lines, body) {
  return new Response(body.slice(), { status, headers: { ...common, ...parse(lines) } });
}

/** Reads "name\nvalue\n…" in ASCII. A TextDecoder would be a call into the runtime. */
function parse(lines) {
  const texts = String.fromCharCode.apply(null, lines).split("\n");
  const headers = {};
  for (let i = 0; i + 1 < texts.length; i += 2) headers[texts[i]] = texts[i + 1];
  return headers;
}
