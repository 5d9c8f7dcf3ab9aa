//! Rooms, which version 1 calls meetings.

use hallpass_token::UnixSeconds;
use serde_json::{Map, Value, json};

use crate::provider::date::date;

/// The rooms of an account.
#[derive(Default)]
pub(super) struct Rooms(Vec<Room>);

#[derive(Clone)]
pub(super) struct Room {
    /// What the provider calls it.
    pub(super) id: String,
    /// What the caller calls it.
    pub(super) custom_id: Option<String>,
    made_at: UnixSeconds,
    number: usize,
}

const USER_ID: &str = "5f43b297f943f73d8c5a3b6e";

impl Rooms {
    pub(super) fn all(&self) -> impl Iterator<Item = &Room> {
        self.0.iter()
    }

    /// By either id.
    pub(super) fn find(&self, id: &str) -> Option<&Room> {
        self.0.iter().find(|room| room.id == id || room.is_called(id))
    }

    /// The room that the caller calls so, or one that was not there before.
    pub(super) fn get_or_make(&mut self, custom_id: Option<&str>, now: UnixSeconds) -> Room {
        if let Some(room) = custom_id.and_then(|id| self.0.iter().find(|room| room.is_called(id))) {
            return room.clone();
        }
        let number = self.0.len();
        let room = Room {
            id: format!("room-{number:04}-made"),
            custom_id: custom_id.map(str::to_owned),
            made_at: now,
            number,
        };
        self.0.push(room.clone());
        room
    }
}

impl Room {
    /// Whether the caller calls it so.
    pub(super) fn is_called(&self, id: &str) -> bool {
        self.custom_id.as_deref() == Some(id)
    }

    pub(super) fn v1(&self) -> Map<String, Value> {
        let mut shown = self.shown();
        shown.insert("meetingId".to_owned(), json!(self.id));
        if let Some(custom_id) = &self.custom_id {
            shown.insert("userMeetingId".to_owned(), json!(custom_id));
        }
        shown
    }

    pub(super) fn v2(&self) -> Map<String, Value> {
        let mut shown = self.shown();
        shown.insert("roomId".to_owned(), json!(self.id));
        if let Some(custom_id) = &self.custom_id {
            shown.insert("customRoomId".to_owned(), json!(custom_id));
        }
        shown.insert("disabled".to_owned(), json!(false));
        let (base, id) = ("https://api.videosdk.live/v2", &self.id);
        let links = json!({
            "get_room": format!("{base}/rooms/{id}"),
            "get_session": format!("{base}/sessions/{id}"),
        });
        shown.insert("links".to_owned(), links);
        shown
    }

    /// What both versions call the same.
    fn shown(&self) -> Map<String, Value> {
        let date = json!(date(self.made_at));
        let members = [
            ("userId", json!(USER_ID)),
            ("createdAt", date.clone()),
            ("updatedAt", date),
            ("id", json!(format!("613aff8dd9f95200{:08x}", self.number))),
        ];
        members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}
