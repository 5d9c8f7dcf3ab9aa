//! Rooms, which version 1 of the API calls meetings.

use hallpass_token::UnixSeconds;
use serde_json::{Map, Value, json};

use crate::provider::date::date;

/// The rooms of an account.
#[derive(Default)]
pub(super) struct Rooms(Vec<Room>);

#[derive(Clone)]
pub(super) struct Room {
    /// The ID that VideoSDK assigned.
    pub(super) id: String,
    /// The custom ID that the caller assigned.
    pub(super) custom_id: Option<String>,
    created_at: UnixSeconds,
    number: usize,
}

const USER_ID: &str = "5f43b297f943f73d8c5a3b6e";

impl Rooms {
    pub(super) fn all(&self) -> impl Iterator<Item = &Room> {
        self.0.iter()
    }

    /// Finds a room by its VideoSDK ID or its custom ID.
    pub(super) fn find(&self, id: &str) -> Option<&Room> {
        self.0.iter().find(|room| room.id == id || room.has_custom_id(id))
    }

    /// Returns the room with this custom ID, or creates a room.
    pub(super) fn get_or_create(&mut self, custom_id: Option<&str>, now: UnixSeconds) -> Room {
        if let Some(room) = custom_id.and_then(|id| self.0.iter().find(|room| room.has_custom_id(id))) {
            return room.clone();
        }
        let number = self.0.len();
        let room = Room {
            id: format!("room-{number:04}-test"),
            custom_id: custom_id.map(str::to_owned),
            created_at: now,
            number,
        };
        self.0.push(room.clone());
        room
    }
}

impl Room {
    /// Returns whether the room has this custom ID.
    pub(super) fn has_custom_id(&self, id: &str) -> bool {
        self.custom_id.as_deref() == Some(id)
    }

    pub(super) fn v1(&self) -> Map<String, Value> {
        let mut fields = self.common_fields();
        fields.insert("meetingId".to_owned(), json!(self.id));
        if let Some(custom_id) = &self.custom_id {
            fields.insert("userMeetingId".to_owned(), json!(custom_id));
        }
        fields
    }

    pub(super) fn v2(&self) -> Map<String, Value> {
        let mut fields = self.common_fields();
        fields.insert("roomId".to_owned(), json!(self.id));
        if let Some(custom_id) = &self.custom_id {
            fields.insert("customRoomId".to_owned(), json!(custom_id));
        }
        fields.insert("disabled".to_owned(), json!(false));
        let (base, id) = ("https://api.videosdk.live/v2", &self.id);
        let links = json!({
            "get_room": format!("{base}/rooms/{id}"),
            "get_session": format!("{base}/sessions/{id}"),
        });
        fields.insert("links".to_owned(), links);
        fields
    }

    /// Returns the fields that are the same in both versions.
    fn common_fields(&self) -> Map<String, Value> {
        let date = json!(date(self.created_at));
        let fields = [
            ("userId", json!(USER_ID)),
            ("createdAt", date.clone()),
            ("updatedAt", date),
            ("id", json!(format!("613aff8dd9f95200{:08x}", self.number))),
        ];
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}
