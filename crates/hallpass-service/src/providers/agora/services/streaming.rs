//! `streaming` and `fcdn`: Media Push and Fusion CDN in a channel. A token has only the requested privileges.

use hallpass_token::agora::{Channel, FcdnPrivileges, Service, StreamingPrivileges, User};
use hallpass_token::{PrivilegeTtl, Ttl};

use super::channel_user::ChannelUser;
use super::privileges;
use super::service::{Context, Grant, ServiceType, TokenService};
use crate::policy::TokenError;
use crate::settings::read_requested_ttl;
use crate::web::json::{Invalid, Json};

pub(super) const STREAMING: ServiceType = ServiceType {
    name: "streaming",
    read: |section| Ok(Box::new(Stream::read(&MEDIA_PUSH, section)?)),
    grant_fields: &["channel", "every_channel", "identity", "ttl"],
    is_for_users: false,
    any_user: Some("uid 0"),
};

pub(super) const FCDN: ServiceType = ServiceType {
    name: "fcdn",
    read: |section| Ok(Box::new(Stream::read(&FUSION_CDN, section)?)),
    ..STREAMING
};

/// A product that forwards streams from a channel.
#[derive(Debug)]
struct Product {
    name: &'static str,
    privileges: [&'static str; 2],
    service: for<'s> fn(Channel<'s>, User<'s>, [Option<PrivilegeTtl>; 2]) -> Service<'s>,
}

static MEDIA_PUSH: Product = Product {
    name: STREAMING.name,
    privileges: ["publish_mixed", "publish_raw"],
    service: |channel, user, [publish_mixed, publish_raw]| {
        Service::streaming(channel, user, StreamingPrivileges { publish_mixed, publish_raw })
    },
};

static FUSION_CDN: Product = Product {
    name: FCDN.name,
    privileges: ["publish", "play"],
    service: |channel, user, [publish, play]| Service::fcdn(channel, user, FcdnPrivileges { publish, play }),
};

/// A streaming service in a token request.
#[derive(Clone, Copy, Debug)]
struct Stream<'a> {
    product: &'static Product,
    channel_user: ChannelUser<'a>,
    /// The lifetimes of the privileges, in the order of [`Product::privileges`]. At least one lifetime is set.
    privileges: [Option<PrivilegeTtl>; 2],
}

impl<'a> Stream<'a> {
    fn read(product: &'static Product, section: &'a Json<'a>) -> Result<Self, Invalid<'a>> {
        let fields = section.fields(&["channel", "uid", "account", "privileges"])?;
        let channel_user = ChannelUser::read(product.name, fields)?;
        let names = product.privileges;
        let mut privileges = [None; 2];
        if let Some(section) = fields.optional("privileges") {
            let fields = section.fields(&names)?;
            for (name, ttl) in names.iter().zip(&mut privileges) {
                *ttl = fields.read_optional(name, read_requested_ttl)?.map(PrivilegeTtl::For);
            }
        }
        if privileges == [None; 2] {
            let [one, other] = names;
            let detail =
                format!("is missing or empty. Specify `{one}`, `{other}` or both, with lifetimes in seconds");
            return Err(Invalid::field(section, "privileges", detail));
        }
        Ok(Self { product, channel_user, privileges })
    }

    fn named(&self) -> impl Iterator<Item = (&'static str, PrivilegeTtl)> {
        let named = self.product.privileges.into_iter().zip(self.privileges);
        named.filter_map(|(name, ttl)| Some((name, ttl?)))
    }
}

impl<'a> TokenService<'a> for Stream<'a> {
    fn name(&self) -> &'static str {
        self.product.name
    }

    fn channel(&self) -> Option<&'a str> {
        self.channel_user.channel_name()
    }

    fn complete(&mut self, grant: &'a Grant, context: &Context<'a>) -> Result<(), TokenError> {
        self.channel_user.complete(self.product.name, grant, context)
    }

    fn cap(&mut self, ttl: Ttl) {
        privileges::cap(self.privileges.each_mut(), ttl);
    }

    fn shortest_ttl(&self, ttl: Ttl) -> Option<Ttl> {
        privileges::shortest(self.named(), ttl)
    }

    fn add_to_007<'s>(&'s self, _: Ttl, services: &mut Vec<Service<'s>>) {
        if let Some((channel, user)) = self.channel_user.completed() {
            services.push((self.product.service)(channel, user, self.privileges));
        }
    }

    fn to_json(&self, ttl: Ttl) -> Json<'_> {
        let mut fields = self.channel_user.to_fields();
        fields.push(("privileges", privileges::to_json(self.named(), ttl)));
        Json::from(fields)
    }
}
