// Builds and parses tokens with Agora's npm packages.
// Each input line is a JSON object with a project and a `build` or `read` request. For each request, the script writes
// one JSON line: the token of a `build` request, or the content of the token of a `read` request.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const format007 = require("agora-token/src/AccessToken2");
const format006 = require("agora-access-token/src/AccessToken");
const packages = {
  "agora-token": require("agora-token"),
  "agora-access-token": require("agora-access-token"),
};

for (const line of readFileSync(0, "utf8").split("\n")) {
  if (line === "") continue;
  const { app_id, certificate, build, read } = JSON.parse(line);
  const response = build ? buildToken(app_id, certificate, build) : readToken(app_id, certificate, read);
  process.stdout.write(`${JSON.stringify(response)}\n`);
}

function buildToken(app_id, certificate, { package: name, builder, call, args, services, ttl }) {
  if (services) return buildServices(app_id, certificate, services, ttl);
  const values = args.map((value) => (value?.permissions ? permissions(value.permissions) : value));
  return packages[name][builder][call](app_id, certificate, ...values);
}

// Combines services that no builder of the package combines, with the classes that the package's builders use.
function buildServices(app_id, certificate, services, ttl) {
  const token = new format007.AccessToken2(app_id, certificate, 0, ttl);
  for (const { type, privileges, ...fields } of services) {
    const service = new format007.AccessToken2.kServices[type]();
    for (const [id, seconds] of privileges) service.add_privilege(id, seconds);
    for (const [name, value] of Object.entries(fields)) {
      service[fieldOf(type, name)] = name === "permissions" ? permissions(value) : value;
    }
    token.add_service(service);
  }
  return token.build();
}

function readToken(app_id, certificate, { token, channel, user }) {
  if (token.startsWith("006")) return read006(app_id, certificate, token, channel, user);
  return read007(certificate, token);
}

function read007(certificate, token) {
  const read = new format007.AccessToken2("", "", 0, 0);
  if (!read.from_string(token)) return null;
  return {
    valid: read.verifySignature(certificate),
    app_id: read.appId.toString(),
    salt: read.salt,
    issued_at: read.issueTs,
    expires_in: read.expire,
    services: read.services.map(serviceOf),
  };
}

// The package cannot verify a 006 token, and a 006 token does not contain its channel and user. Therefore, this
// function builds a second token with the same values. The token is valid if both tokens are the same string.
function read006(app_id, certificate, token, channel, user) {
  const read = new format006.AccessToken("", "", "", "");
  if (!read.fromString(token)) return null;
  const again = new format006.AccessToken(app_id, certificate, channel, user);
  again.salt = read.salt;
  again.ts = read.ts;
  again.messages = read.messages;
  return {
    valid: again.build() === token,
    salt: read.salt,
    expires_at: read.ts,
    channel_crc: read.crc_channel_name,
    user_crc: read.crc_uid,
    privileges: entries(read.messages),
  };
}

function serviceOf(service) {
  const type = service.service_type();
  const json = { type, privileges: entries(service.__privileges) };
  for (const name of ["channel", "uid", "account", "user", "room", "role", "permissions"]) {
    const value = service[fieldOf(type, name)];
    if (value === undefined) continue;
    if (name === "permissions") json.permissions = list(value.details);
    else json[name] = Buffer.isBuffer(value) ? value.toString() : value;
  }
  return json;
}

function fieldOf(type, name) {
  const user = type === format007.kApaasServiceType ? "__user_uuid" : "__user_id";
  return { channel: "__channel_name", room: "__room_uuid", user }[name] ?? `__${name}`;
}

function permissions(list) {
  const tree = new format007.Rtm2Permissions();
  for (const permission of list) tree.add(...permission);
  return tree;
}

function list(details) {
  const nested = entries(details).map(([kind, accesses]) =>
    entries(accesses).map(([access, names]) => [kind, access, names]),
  );
  return nested.flat();
}

function entries(map) {
  return Object.entries(map).map(([key, value]) => [Number(key), value]);
}
