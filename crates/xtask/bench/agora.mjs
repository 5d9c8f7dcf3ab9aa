// What people deploy today: a Worker in JavaScript on Agora's own npm package.
import agora from "agora-token";

const { RtcTokenBuilder, RtcRole } = agora;
const LIFE_SECONDS = 3600;

export default {
  async fetch(request, env) {
    const { channel, uid } = await wanted(request);
    const token = RtcTokenBuilder.buildTokenWithUid(
      env.AGORA_APP_ID, env.AGORA_APP_CERTIFICATE, channel, uid, RtcRole.PUBLISHER, LIFE_SECONDS, LIFE_SECONDS,
    );
    return Response.json({ token });
  },
};

async function wanted(request) {
  if (request.method === "POST") return (await request.json()).rtc;
  const [, , channel, , , uid] = new URL(request.url).pathname.split("/");
  return { channel, uid: Number(uid) };
}
