// The expected content of tokens.

const HOUR = 3600;
const DAY = 24 * HOUR;
const PUBLISHER = [1, 2, 3, 4];

const lasting = (privileges, seconds) => Object.fromEntries(privileges.map((privilege) => [privilege, seconds]));

/** A channel and a uid, or all uids if the uid is empty. */
export const rtc = (channel, uid, seconds = HOUR, privileges = PUBLISHER) => {
  return { name: "rtc", channel, uid, privileges: lasting(privileges, seconds) };
};
/** A user of Signaling, or all users if the user is empty. */
export const rtm = (user, seconds = HOUR) => ({ name: "rtm", user, privileges: lasting([1], seconds) });
/** A user of Signaling in a token of the format 006. */
export const rtm006 = (user) => ({ name: "rtm", user, privileges: lasting([1000], HOUR) });
export const chat = (user, seconds) => ({ name: "chat", user, privileges: lasting([1], seconds) });
/** The format of a 006 token says nothing about the time of use, so its lifetime is a day. */
export const format006 = (...services) => ({ format: "006", services, expires_in: DAY });
export const format007 = (services, seconds = HOUR) => ({ format: "007", services, expires_in: seconds });
