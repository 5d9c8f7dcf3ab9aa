// A Worker in JavaScript that mints tokens with Agora's npm package.
import agora from "agora-token";

const { RtcTokenBuilder, RtcRole } = agora;
const TTL_SECONDS = 3600;

export default {
  async fetch(request, env) {
    const { channel, uid } = await parse(request);
    const token = RtcTokenBuilder.buildTokenWithUid(
      env.AGORA_APP_ID, env.AGORA_APP_CERTIFICATE, channel, uid, RtcRole.PUBLISHER, TTL_SECONDS, TTL_SECONDS,
    );
    return Response.json({ token });
  },
};

async function parse(request) {
  if (request.method === "POST") return (await request.json()).rtc;
  const [, , channel, , , uid] = new URL(request.url).pathname.split("/");
  return { channel, uid: Number(uid) };
}
