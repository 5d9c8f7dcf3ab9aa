// A Worker in JavaScript that verifies users' JWTs with the npm package jose, and mints tokens with Agora's npm package.
import agora from "agora-token";
import { createRemoteJWKSet, jwtVerify } from "jose";

const { RtcTokenBuilder, RtcRole } = agora;
const TTL_SECONDS = 3600;

let keys;

export default {
  async fetch(request, env) {
    // The imported keys are cached for all requests of the isolate.
    keys ??= createRemoteJWKSet(new URL(env.JWKS_URI));
    const user = await caller(request, env);
    if (user === undefined) return new Response("unauthorized", { status: 401 });
    const { channel } = (await request.json()).rtc;
    const token = RtcTokenBuilder.buildTokenWithUserAccount(
      env.AGORA_APP_ID, env.AGORA_APP_CERTIFICATE, channel, user, RtcRole.PUBLISHER, TTL_SECONDS, TTL_SECONDS,
    );
    return Response.json({ token });
  },
};

async function caller(request, env) {
  const jwt = request.headers.get("authorization")?.replace(/^Bearer /, "") ?? "";
  try {
    const options = { issuer: env.ISSUER, audience: env.AUDIENCE, requiredClaims: ["exp"] };
    return (await jwtVerify(jwt, keys, options)).payload.sub;
  } catch {
    return undefined;
  }
}
