// The main module of `cargo xtask dev`. Rejects requests that did not pass `cargo xtask`, which checks the Host header.
//
// The Host header cannot be checked here. wrangler replaces this header with the host of `routes`, or of the header
// `MF-Original-URL` in a request. wrangler also opens other ports that lead to this module.

import worker from "./entry.js";

const MESSAGE = "This port is internal. Use the address that `cargo xtask dev` printed.\n";

export default {
  fetch(request, bindings, context) {
    const isForwarded = request.headers.get("hallpass-development-key") === bindings.HALLPASS_DEVELOPMENT_KEY;
    return isForwarded ? worker.fetch(request, bindings, context) : new Response(MESSAGE, { status: 421 });
  },
};
