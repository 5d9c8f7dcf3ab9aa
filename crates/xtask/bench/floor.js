// A Worker that has the same input and output as Hallpass but mints no token. RESPONSE_POST and RESPONSE_GET describe
// Hallpass's responses in the format {"headers": {…}, "bytes": N}.

const LOG_LINE = '{"level":"INFO","event":"decision","fill":"'.padEnd(238, "-") + '"}';

const responses = {};

export default {
  async fetch(request, env) {
    const method = request.method;
    if (method === "POST") await request.text();
    const { headers, body } = (responses[method] ??= response(env[`RESPONSE_${method}`]));
    console.log(LOG_LINE);
    return new Response(body, { headers: { ...headers, "x-request-id": request.headers.get("cf-ray") } });
  },
};

function response(description) {
  const { headers, bytes } = JSON.parse(description);
  return { headers, body: "-".repeat(bytes) };
}
