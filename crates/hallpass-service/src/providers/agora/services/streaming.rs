//! `streaming` and `fcdn`: Media Push and Fusion CDN in a channel. Only the privileges that a request names are granted.

use hallpass_token::agora::{FcdnPrivileges, Service, StreamingPrivileges};
use hallpass_token::{Lasts, Life};

use super::channel_user::ChannelUser;
use super::privileges;
use super::service::{Context, ServiceType, TokenService};
use crate::policy::TokenError;
use crate::providers::agora::grant::Grant;
use crate::settings::read_requested_ttl;
use crate::web::json::{Invalid, Json};

pub(super) const STREAMING: ServiceType = ServiceType {
    name: "streaming",
    read: |section| Ok(Box::new(Stream::read(Product::Streaming, section)?)),
    grant_fields: &["channel", "every_channel", "identity", "ttl"],
    is_for_users: false,
};

pub(super) const FCDN: ServiceType = ServiceType {
    name: "fcdn",
    read: |section| Ok(Box::new(Stream::read(Product::Fcdn, section)?)),
    ..STREAMING
};

/// A stream out of a channel.
#[derive(Clone, Copy, Debug)]
struct Stream<'a> {
    product: Product,
    place: ChannelUser<'a>,
    /// In the order of [`Product::privileges`]; at least one is set.
    privileges: [Option<Lasts>; 2],
}

#[derive(Clone, Copy, Debug)]
enum Product {
    Streaming,
    Fcdn,
}

impl Product {
    const fn name(self) -> &'static str {
        match self {
            Self::Streaming => STREAMING.name,
            Self::Fcdn => FCDN.name,
        }
    }

    const fn privileges(self) -> [&'static str; 2] {
        match self {
            Self::Streaming => ["publish_mixed", "publish_raw"],
            Self::Fcdn => ["publish", "play"],
        }
    }
}

impl<'a> Stream<'a> {
    fn read(product: Product, section: &'a Json<'a>) -> Result<Self, Invalid<'a>> {
        let fields = section.fields(&["channel", "uid", "account", "privileges"])?;
        let place = ChannelUser::read(product.name(), fields)?;
        let names = product.privileges();
        let mut privileges = [None; 2];
        if let Some(section) = fields.optional("privileges") {
            let fields = section.fields(&names)?;
            for (name, lasts) in names.iter().zip(&mut privileges) {
                *lasts = fields.optional(name).map(read_requested_ttl).transpose()?.map(Lasts::For);
            }
        }
        if privileges == [None; 2] {
            let [one, other] = names;
            let detail =
                format!("is missing or empty; name `{one}`, `{other}` or both, each for how many seconds");
            return Err(Invalid::field(section, "privileges", detail));
        }
        Ok(Self { product, place, privileges })
    }

    fn named(&self) -> [(&'static str, Option<Lasts>); 2] {
        let ([one, other], [first, second]) = (self.product.privileges(), self.privileges);
        [(one, first), (other, second)]
    }
}

impl<'a> TokenService<'a> for Stream<'a> {
    fn name(&self) -> &'static str {
        self.product.name()
    }

    fn channel(&self) -> Option<&'a str> {
        self.place.channel_name()
    }

    fn complete(&mut self, grant: &'a Grant, context: &Context<'a>) -> Result<(), TokenError> {
        self.place.complete(self.product.name(), grant, context)
    }

    fn cap(&mut self, ttl: Life) {
        privileges::cap(self.privileges.each_mut(), ttl);
    }

    fn shortest_ttl(&self, ttl: Life) -> Option<Life> {
        privileges::shortest(&self.named(), ttl)
    }

    fn add_to_007<'s>(&'s self, _: Life, services: &mut Vec<Service<'s>>) {
        let Some((channel, user)) = self.place.completed() else { return };
        let [first, second] = self.privileges;
        services.push(match self.product {
            Product::Streaming => {
                let privileges = StreamingPrivileges { publish_mixed: first, publish_raw: second };
                Service::streaming(channel, user, privileges)
            }
            Product::Fcdn => Service::fcdn(channel, user, FcdnPrivileges { publish: first, play: second }),
        });
    }

    fn to_json(&self, ttl: Life) -> Json<'_> {
        let mut fields = self.place.to_fields();
        fields.push(("privileges", privileges::to_json(&self.named(), ttl)));
        Json::from(fields)
    }
}
