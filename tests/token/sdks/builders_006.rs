//! Test cases for every function of `Mint` for format 006, with the corresponding official builder.

use std::time::{SystemTime, UNIX_EPOCH};

use hallpass_token::agora::v006::Subject;
use hallpass_token::agora::{Account, Channel, Mint, Role, RtmUser, User};
use hallpass_token::{PrivilegeTtl, Ttl};
use serde_json::json;

use super::case::Case;

const CHANNEL: &str = "class 7";
const ACCOUNT: &str = "0";
const USER: &str = "test_user";
const UID: u32 = u32::MAX;

pub(super) fn all() -> anyhow::Result<Vec<Case>> {
    let channel = Channel::parse_or_any(CHANNEL)?;
    let (uid, account) = (User::from_number_or_any(UID), User::Account(Account::parse(ACCOUNT)?));
    let user = RtmUser::parse(USER)?;
    // The builders expect the expiry of the privileges as a Unix time. The builders read the issue time from the clock,
    // which can be later than the time of this call.
    let end = u32::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())? + 3600;
    let until_end = move |mint: &Mint<'_>| {
        Ttl::new(end - mint.issued_at.0).map_or(PrivilegeTtl::WithToken, PrivilegeTtl::For)
    };
    let by_uid = ("RtcTokenBuilder", "buildTokenWithUid");
    Ok(vec![
        Case::new_006(
            "rtc_006_publisher",
            Subject::rtc(channel, uid),
            by_uid,
            json!([CHANNEL, UID, 1, end]),
            move |mint| mint.rtc_006(channel, uid, Role::Publisher.privileges(until_end(mint))),
        ),
        Case::new_006(
            "rtc_006_subscriber",
            Subject::rtc(channel, uid),
            by_uid,
            json!([CHANNEL, UID, 2, 0]),
            move |mint| mint.rtc_006(channel, uid, Role::Subscriber.privileges(PrivilegeTtl::WithToken)),
        ),
        Case::new_006(
            "rtc_006_any_user",
            Subject::rtc(Channel::Any, User::Any),
            by_uid,
            json!(["*", 0, 1, end]),
            move |mint| mint.rtc_006(Channel::Any, User::Any, Role::Publisher.privileges(until_end(mint))),
        ),
        Case::new_006(
            "rtc_006_account",
            Subject::rtc(channel, account),
            ("RtcTokenBuilder", "buildTokenWithAccount"),
            json!([CHANNEL, ACCOUNT, 1, end]),
            move |mint| mint.rtc_006(channel, account, Role::Publisher.privileges(until_end(mint))),
        ),
        Case::new_006(
            "rtm_006",
            Subject::rtm(user),
            ("RtmTokenBuilder", "buildToken"),
            json!([USER, 1, end]),
            move |mint| mint.rtm_006(user, until_end(mint)),
        ),
    ])
}
