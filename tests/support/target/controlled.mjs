// The built Worker, unchanged, with a clock that a test can move and a Secrets Store that it can disturb.

import worker from "./worker.js";

const now = Date.now;
/** How far its clock is ahead, and by binding how a secret is read: after some time, with an error or without one. */
let told = { ahead: 0, store: {} };
Date.now = () => now() + told.ahead;

export default {
  async fetch(request, env, context) {
    if (new URL(request.url).pathname === "/controls") {
      told = await request.json();
      return new Response();
    }
    return worker.fetch(request, { ...env, ...disturbed(env) }, context);
  },
};

function disturbed(env) {
  const secrets = Object.entries(told.store).map(([name, { milliseconds, error }]) => {
    const get = async () => {
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      if (error !== undefined) throw new Error(error);
      return env[name].get();
    };
    return [name, { get }];
  });
  return Object.fromEntries(secrets);
}
