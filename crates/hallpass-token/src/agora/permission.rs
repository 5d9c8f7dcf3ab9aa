//! The permission tree of an RTM2 service: the Signaling resources that a user can read or write.

use alloc::vec::Vec;
use core::fmt;

#[cfg(feature = "inspect")]
use super::error::ParseError;
#[cfg(feature = "inspect")]
use super::reader::Reader;
use super::size::SizeError;

/// A kind of resource in Signaling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// Message channels: number 0.
    MessageChannels,
    /// Stream channels: number 1.
    StreamChannels,
    /// Group channels: number 2.
    GroupChannels,
    /// Server groups: number 3.
    ServerGroups,
    /// Users: number 4.
    Users,
    /// A kind of resource that this version of the crate does not support, with its number.
    Other(u16),
}

/// An access right to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The right to receive: number 0.
    Read,
    /// The right to send: number 1.
    Write,
    /// An access right that this version of the crate does not support, with its number.
    Other(u16),
}

/// A permission: an access right to resources of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission<'a> {
    /// The kind of the resources.
    pub resource: Resource,
    /// The access right.
    pub access: Access,
    /// The names of the resources, in the order in which the token contains them.
    pub names: &'a [&'a str],
}

/// A permission tree in the encoded form that a token contains (Formats 2.5).
#[derive(Clone, PartialEq, Eq)]
pub struct PermissionTree(Vec<u8>);

/// A borrowed permission tree in encoded form. The owner is a parsed token or a [`PermissionTree`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Permissions<'a>(pub(super) &'a [u8]);

impl Permission<'_> {
    /// Returns the key by which the tree sorts permissions.
    fn key(&self) -> (u16, u16) {
        (self.resource.number(), self.access.number())
    }
}

impl PermissionTree {
    /// Encodes permissions in ascending order of resource kind and access right. If two permissions have the same kind
    /// and right, the last permission is used.
    ///
    /// # Errors
    /// Returns [`SizeError::StringTooLong`] if a name has more than 65,535 bytes. Returns [`SizeError::TooManyNames`]
    /// if a permission has more than 65,535 names.
    pub fn new(permissions: &[Permission<'_>]) -> Result<Self, SizeError> {
        // Insertion sort is fast enough, because a tree has at most about ten permissions: two rights for each of the
        // five kinds of resources.
        let mut tree: Vec<&Permission<'_>> = Vec::with_capacity(permissions.len());
        for permission in permissions {
            match tree.binary_search_by_key(&permission.key(), |known| known.key()) {
                Err(position) => tree.insert(position, permission),
                Ok(position) => {
                    if let Some(known) = tree.get_mut(position) {
                        *known = permission;
                    }
                }
            }
        }
        let by_resource = || tree.chunk_by(|a, b| a.resource.number() == b.resource.number());
        let mut bytes = Vec::new();
        write_len(&mut bytes, by_resource().count(), SizeError::TooManyNames)?;
        for accesses in by_resource() {
            let resource = accesses.first().map_or(0, |permission| permission.resource.number());
            bytes.extend_from_slice(&resource.to_le_bytes());
            write_len(&mut bytes, accesses.len(), SizeError::TooManyNames)?;
            for permission in accesses {
                bytes.extend_from_slice(&permission.access.number().to_le_bytes());
                write_len(&mut bytes, permission.names.len(), SizeError::TooManyNames)?;
                for name in permission.names {
                    write_len(&mut bytes, name.len(), SizeError::StringTooLong)?;
                    bytes.extend_from_slice(name.as_bytes());
                }
            }
        }
        Ok(Self(bytes))
    }

    /// Returns the tree in the borrowed form that a service uses.
    #[must_use]
    pub fn as_permissions(&self) -> Permissions<'_> {
        Permissions(&self.0)
    }
}

#[cfg(feature = "inspect")]
impl<'a> Permissions<'a> {
    /// Parses a tree from a reader.
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, ParseError> {
        let before = reader.0;
        walk(reader, |_, _, _| ())?;
        let (tree, _) = before.split_at_checked(before.len() - reader.0.len()).unwrap_or_default();
        Ok(Self(tree))
    }

    /// Returns every permission as a tuple: kind of resource, access right, and names.
    #[must_use]
    pub fn to_vec(&self) -> Vec<(Resource, Access, Vec<&'a str>)> {
        let mut all = Vec::new();
        // This walk cannot fail, because the bytes were validated when the tree was created.
        let _ = walk(&mut Reader(self.0), |resource, access, names| all.push((resource, access, names)));
        all
    }
}

#[cfg(feature = "inspect")]
fn walk<'a>(
    reader: &mut Reader<'a>,
    mut each: impl FnMut(Resource, Access, Vec<&'a str>),
) -> Result<(), ParseError> {
    for _ in 0..reader.u16()? {
        let resource = Resource::from_number(reader.u16()?);
        for _ in 0..reader.u16()? {
            let access = Access::from_number(reader.u16()?);
            let mut names = Vec::new();
            for _ in 0..reader.u16()? {
                names.push(reader.str()?);
            }
            each(resource, access, names);
        }
    }
    Ok(())
}

impl Resource {
    const fn number_and_name(self) -> (u16, Option<&'static str>) {
        match self {
            Self::MessageChannels => (0, Some("message_channels")),
            Self::StreamChannels => (1, Some("stream_channels")),
            Self::GroupChannels => (2, Some("group_channels")),
            Self::ServerGroups => (3, Some("server_groups")),
            Self::Users => (4, Some("users")),
            Self::Other(number) => (number, None),
        }
    }

    /// Returns the number that a token contains.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.number_and_name().0
    }

    /// Returns the name of the kind, such as `message_channels`. Returns `None` if the kind is unknown.
    #[must_use]
    pub const fn as_str(self) -> Option<&'static str> {
        self.number_and_name().1
    }

    /// Returns the kind with this number.
    #[must_use]
    pub fn from_number(number: u16) -> Self {
        let known = [
            Self::MessageChannels,
            Self::StreamChannels,
            Self::GroupChannels,
            Self::ServerGroups,
            Self::Users,
        ];
        known.into_iter().find(|known| known.number() == number).unwrap_or(Self::Other(number))
    }
}

impl Access {
    const fn number_and_name(self) -> (u16, Option<&'static str>) {
        match self {
            Self::Read => (0, Some("read")),
            Self::Write => (1, Some("write")),
            Self::Other(number) => (number, None),
        }
    }

    /// Returns the number that a token contains.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.number_and_name().0
    }

    /// Returns `read` or `write`, or `None` if the access right is unknown.
    #[must_use]
    pub const fn as_str(self) -> Option<&'static str> {
        self.number_and_name().1
    }

    /// Returns the access right with this number.
    #[must_use]
    pub fn from_number(number: u16) -> Self {
        let known = [Self::Read, Self::Write];
        known.into_iter().find(|known| known.number() == number).unwrap_or(Self::Other(number))
    }
}

impl fmt::Debug for PermissionTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.as_permissions(), f)
    }
}

impl fmt::Debug for Permissions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Permissions({} bytes)", self.0.len())
    }
}

fn write_len(bytes: &mut Vec<u8>, len: usize, error: fn(usize) -> SizeError) -> Result<(), SizeError> {
    bytes.extend_from_slice(&u16::try_from(len).map_err(|_| error(len))?.to_le_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(permissions: &[(Resource, Access, &[&str])]) -> Result<PermissionTree, SizeError> {
        let permissions: Vec<_> = permissions
            .iter()
            .map(|&(resource, access, names)| Permission { resource, access, names })
            .collect();
        PermissionTree::new(&permissions)
    }

    #[test]
    fn sorts_kinds_as_unsigned_numbers() {
        let tree =
            tree(&[(Resource::Other(65_535), Access::Read, &[]), (Resource::Users, Access::Read, &[])]);
        assert_eq!(tree.unwrap().0, [2, 0, 4, 0, 1, 0, 0, 0, 0, 0, 255, 255, 1, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn uses_the_last_of_duplicate_permissions() {
        let twice =
            tree(&[(Resource::Users, Access::Read, &["first"]), (Resource::Users, Access::Read, &["last"])]);
        assert_eq!(twice, tree(&[(Resource::Users, Access::Read, &["last"])]));
    }

    #[test]
    fn rejects_names_above_16_bits() {
        let long = alloc::string::String::from_utf8(alloc::vec![b'x'; 65_536]).unwrap();
        assert_eq!(tree(&[(Resource::Users, Access::Read, &[&long])]), Err(SizeError::StringTooLong(65_536)));
    }

    #[cfg(feature = "inspect")]
    #[test]
    fn round_trips_a_tree() {
        let encoded = tree(&[
            (Resource::StreamChannels, Access::Write, &["s", ""]),
            (Resource::MessageChannels, Access::Other(9), &[]),
        ]);
        let read = encoded.as_ref().map(|tree| tree.as_permissions().to_vec());
        assert_eq!(
            read.unwrap(),
            [
                (Resource::MessageChannels, Access::Other(9), alloc::vec![]),
                (Resource::StreamChannels, Access::Write, alloc::vec!["s", ""]),
            ]
        );
    }
}
