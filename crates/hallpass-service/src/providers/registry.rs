//! The list of providers, and the types that have one part for each.

#[cfg(feature = "check")]
use super::description::ProviderDescription;
use super::minting::{MintContext, Minted, RequestSummary};
use super::{agora, videosdk};
use crate::auth::CallerKind;
use crate::policy::{self, Rule, RuleContext, TokenError, Who};
use crate::settings::{ConfigError, NamedProject, Projects, SecretName, Secrets, Setting};
use crate::web::json::{Fields, Invalid, Json};
use hallpass_token::{Life, UnixSeconds};

/// Defines the types that have one part for each provider. The name of its module is also the name of its field.
macro_rules! providers {
    ($($provider:ident as $Variant:ident),*) => {
        const ALL: &[Definition] = &[$(Definition {
            name: $provider::NAME,
            title: $provider::TITLE,
            short_setting: $provider::SHORT_SETTING,
            project_fields: $provider::PROJECT_FIELDS,
            grant_fields: $provider::grant_fields,
            request_fields: $provider::request_fields,
            expect_fields: $provider::EXPECT_FIELDS,
        }),*];

        /// The projects in the configuration.
        #[derive(Debug, Default)]
        pub(crate) struct ProjectConfigs {
            $($provider: Vec<NamedProject<$provider::ProjectConfig>>,)*
        }

        /// The projects and REST APIs, without secrets.
        #[derive(Debug)]
        pub(crate) struct Config { $(pub(crate) $provider: $provider::Config,)* }

        /// The projects and REST APIs, with secrets.
        #[derive(Debug)]
        pub(crate) struct Providers { $(pub(crate) $provider: $provider::Provider,)* }

        /// What a rule grants.
        #[derive(Debug, Default)]
        pub(crate) struct Grants { $(pub(crate) $provider: $provider::Grants,)* }

        /// The part of a token request that is a provider's own. The policy completes it with what the request omits.
        #[derive(Debug)]
        pub(crate) enum ProviderRequest<'a> { $($Variant($provider::TokenRequest<'a>),)* }

        impl ProjectConfigs {
            /// Reads a project whose `provider` is known to be the one of this name.
            fn read<'j>(&mut self, provider: &str, name: &str, fields: Fields<'j>) -> Result<(), Invalid<'j>> {
                $(if provider == $provider::NAME {
                    let project = $provider::ProjectConfig::read(fields)?;
                    self.$provider.push(NamedProject { name: name.to_owned(), project });
                })*
                Ok(())
            }

            /// Returns the default project that is missing: with several projects, a request that names none would get one
            /// by chance.
            fn missing_default(&self) -> Option<&'static str> {
                $(if let Some(default) = $provider::DEFAULT_PROJECT
                    && self.$provider.len() > 1
                    && self.$provider.iter().all(|project| project.name != default)
                {
                    return Some(default);
                })*
                None
            }

            /// Reads the projects of a configuration without `projects`.
            ///
            /// # Errors
            /// [`ConfigError::Setting`]
            pub(crate) fn from_settings(setting: Setting<'_>) -> Result<Self, ConfigError> {
                Ok(Self { $($provider: $provider::ProjectConfig::from_settings(setting)?.into_iter().collect(),)* })
            }

            pub(crate) fn names(&self) -> Vec<(&str, &'static str)> {
                let mut names = Vec::new();
                $(names.extend(self.$provider.iter().map(|project| (project.name.as_str(), $provider::TITLE)));)*
                names
            }

            /// Adds the section `rest` of the configuration.
            ///
            /// # Errors
            /// [`Invalid`]
            pub(crate) fn with_rest<'j>(self, rest: Option<&'j Json<'j>>) -> Result<Config, Invalid<'j>> {
                let names: Vec<(String, &'static str)> =
                    self.names().into_iter().map(|(name, title)| (name.to_owned(), title)).collect();
                let others = |title| names.iter().filter(|(_, other)| *other != title).cloned().collect();
                let fields = rest.map(|rest| rest.fields(&[$($provider::NAME),*])).transpose()?;
                Ok(Config { $($provider: $provider::Config::new(
                    Projects::new(
                        $provider::TITLE,
                        $provider::DEFAULT_PROJECT,
                        self.$provider,
                        others($provider::TITLE),
                    ),
                    fields.and_then(|fields| fields.get($provider::NAME)),
                )?,)* })
            }
        }

        impl Config {
            /// The secrets that the projects and the REST APIs name.
            pub(crate) fn secret_names(&self) -> Vec<&SecretName> {
                let mut names = Vec::new();
                $(names.extend(self.$provider.secret_names());)*
                names
            }

            /// Whether any project is configured.
            pub(crate) fn has_projects(&self) -> bool {
                $(!self.$provider.projects.all().is_empty())||*
            }

            /// Loads the secrets of all projects, including those that do not sign: a rotation must not find out at its last
            /// step that a secret is malformed.
            ///
            /// # Errors
            /// [`ConfigError`] for the first secret that is missing or malformed.
            pub(crate) fn load(&self, secrets: &Secrets) -> Result<Providers, ConfigError> {
                Ok(Providers { $($provider: self.$provider.load(secrets)?,)* })
            }
        }

        impl Grants {
            /// Everything, for callers with a service key.
            fn everything() -> Self {
                Self { $($provider: $provider::Grants::everything(),)* }
            }

            /// Tokens for a single user of the caller's choice, for callers without credentials.
            fn any_user(is_wildcard: bool) -> Self {
                Self { $($provider: $provider::Grants::any_user(is_wildcard),)* }
            }

            /// Tokens for the caller itself, for callers with a user's credentials.
            fn own_user() -> Self {
                Self { $($provider: $provider::Grants::own_user(),)* }
            }

            /// Reads what a rule grants; `None` if that is nothing.
            fn read<'j>(
                fields: Fields<'j>,
                may_match: &dyn Fn(CallerKind) -> bool,
            ) -> Result<Option<Self>, Invalid<'j>> {
                let grants = Self { $($provider: $provider::Grants::read(fields, may_match)?,)* };
                let is_empty = $(grants.$provider.is_empty())&&*;
                Ok((!is_empty).then_some(grants))
            }
        }

        impl<'a> ProviderRequest<'a> {
            /// Decides, completes the request, and signs the token.
            ///
            /// # Errors
            /// [`TokenError`]
            pub(crate) fn mint(
                &mut self,
                providers: &'a Providers,
                policy: &'a Policy,
                context: &MintContext<'a>,
            ) -> Result<Minted<'a>, TokenError> {
                match self {
                    $(Self::$Variant(request) => {
                        request.mint(&providers.$provider, policy, |grants| &grants.$provider, context)
                    })*
                }
            }

            /// Returns what the audit log says of the request.
            pub(crate) fn summary(&self) -> RequestSummary<'a> {
                match self { $(Self::$Variant(request) => request.summary(),)* }
            }

            /// Returns what a response says of each service, once the token is minted.
            pub(crate) fn services(&self, ttl: Life) -> Vec<(&'static str, Json<'_>)> {
                match self { $(Self::$Variant(request) => request.services(ttl),)* }
            }
        }

        $(impl<'a> From<$provider::TokenRequest<'a>> for ProviderRequest<'a> {
            fn from(request: $provider::TokenRequest<'a>) -> Self {
                Self::$Variant(request)
            }
        })*

        /// Reads the parts of a token request, of which there is one for each provider whose services it names.
        fn read_parts<'j>(fields: Fields<'j>) -> Result<Vec<(&'static str, ProviderRequest<'j>)>, Invalid<'j>> {
            let mut parts = Vec::new();
            $(if let Some(request) = $provider::read_request(fields)? {
                parts.push(($provider::NAME, request.into()));
            })*
            Ok(parts)
        }

        /// Inspects a token as one of this provider's.
        fn inspect_as<'j>(
            provider: &str,
            providers: &Providers,
            token: &str,
            expected: Option<Fields<'j>>,
            now: UnixSeconds,
        ) -> Result<Json<'static>, Invalid<'j>> {
            $(if provider == $provider::NAME {
                return $provider::inspect(&providers.$provider, token, expected, now);
            })*
            Ok(Json::Null)
        }

        /// The first provider whose tokens look like this one.
        fn provider_of(token: &str) -> &'static str {
            $(if $provider::recognizes(token) {
                return $provider::NAME;
            })*
            ""
        }

        #[cfg(feature = "check")]
        impl Config {
            /// Describes the projects and REST APIs, for people who check a configuration.
            pub(crate) fn describe(&self) -> Vec<ProviderDescription<'_>> {
                vec![$(self.$provider.describe()),*]
            }
        }

        #[cfg(feature = "check")]
        impl Grants {
            fn describe(&self) -> policy::GrantsDescription<'_> {
                let mut description = policy::GrantsDescription::default();
                $(self.$provider.describe(&mut description);)*
                description
            }
        }
    };
}

providers!(agora as Agora, videosdk as VideoSdk);

pub(crate) type Policy = policy::Policy<Grants>;

/// What the rest of the service needs to know about a provider by name.
struct Definition {
    name: &'static str,
    title: &'static str,
    short_setting: &'static str,
    project_fields: &'static [&'static str],
    grant_fields: fn() -> Vec<&'static str>,
    request_fields: fn() -> Vec<&'static str>,
    expect_fields: &'static [&'static str],
}

/// The settings that define projects in a configuration without `projects`.
pub(crate) fn short_settings() -> Vec<&'static str> {
    ALL.iter().map(|provider| provider.short_setting).collect()
}

/// The fields of a token request that belong to a provider.
pub(crate) fn request_fields() -> Vec<&'static str> {
    ALL.iter().flat_map(|provider| (provider.request_fields)()).collect()
}

/// Reads the section `projects` of the configuration.
pub(crate) fn read_projects<'j>(section: &'j Json<'j>) -> Result<ProjectConfigs, Invalid<'j>> {
    let mut projects = ProjectConfigs::default();
    let project_fields = ALL.iter().flat_map(|provider| provider.project_fields);
    let known: Vec<_> = ["provider"].iter().chain(project_fields).copied().collect();
    let expected = ALL.iter().map(|provider| format!("{:?}", provider.name)).collect::<Vec<_>>().join(" or ");
    let mut is_empty = true;
    for (name, value) in section.entries()? {
        is_empty = false;
        let fields = value.fields(&known)?;
        let named = |text: &str| ALL.iter().find(|provider| provider.name == text);
        let provider = fields.required("provider")?.named(&expected, named)?;
        let is_own = |field: &&str| *field == "provider" || provider.project_fields.contains(field);
        let mut others = known.iter().filter(|field| !is_own(field));
        if let Some(value) = others.find_map(|field| fields.get(field)) {
            return Err(Invalid::new(value, "is for projects of the other provider"));
        }
        projects.read(provider.name, name, fields)?;
    }
    if is_empty {
        // Someone who left the object empty may have set the short settings, which it overrides.
        let settings = short_settings().join(" and ");
        let detail = format!("expected at least one project; {settings} count without `projects`");
        return Err(Invalid::new(section, detail));
    }
    if let Some(default) = projects.missing_default() {
        let detail = format!("one of several must be named `{default}`");
        return Err(Invalid::field(section, default, detail));
    }
    Ok(projects)
}

/// Reads the rules of the configuration.
pub(crate) fn read_policy<'j>(
    section: &'j Json<'j>,
    context: &RuleContext<'_>,
) -> Result<Policy, Invalid<'j>> {
    let grant_fields: Vec<_> = ALL.iter().flat_map(|provider| (provider.grant_fields)()).collect();
    let rules = section.items()?.iter().map(|rule| Rule::read(rule, context, &grant_fields, Grants::read));
    Ok(Policy::new(rules.collect::<Result<_, _>>()?))
}

/// Returns the rules that apply without a policy. `is_wildcard` is whether callers without credentials get uid 0.
pub(crate) fn default_policy(is_wildcard: bool) -> Policy {
    let rule = |kinds: &[CallerKind], grants| Rule { who: Who::kinds(kinds), grants, ..Rule::default() };
    Policy::default_rules(vec![
        rule(&[CallerKind::Service], Grants::everything()),
        rule(&[CallerKind::Anonymous], Grants::any_user(is_wildcard)),
        rule(&[CallerKind::User, CallerKind::Gateway], Grants::own_user()),
    ])
}

/// Reads the part of a token request that is a provider's own.
pub(crate) fn read_request(fields: Fields<'_>) -> Result<ProviderRequest<'_>, Invalid<'_>> {
    let mut parts = read_parts(fields)?.into_iter();
    let Some((provider, request)) = parts.next() else {
        let services: Vec<_> = request_fields().into_iter().filter(|field| *field != "version").collect();
        let (last, others) = services.split_last().unwrap_or((&"", &[]));
        let others = others.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let detail = format!("there is nothing to make a token for; name {others} or `{last}`");
        return Err(Invalid::rule(fields.object(), detail));
    };
    if let Some((other, _)) = parts.next() {
        let title = ALL.iter().find(|known| known.name == provider).map_or(provider, |known| known.title);
        let detail = format!("cannot stand beside services of {title}; ask for one token each");
        return Err(Invalid::field(fields.object(), other, detail));
    }
    Ok(request)
}

/// Says what a token contains and whether it is usable: as a token of the provider whose things are expected of it, otherwise
/// of the provider whose tokens look like it.
pub(crate) fn inspect<'j>(
    providers: &Providers,
    token: &str,
    expect: Option<&'j Json<'j>>,
    now: UnixSeconds,
) -> Result<Json<'static>, Invalid<'j>> {
    let Some(value) = expect else {
        return inspect_as(provider_of(token), providers, token, None, now);
    };
    let known: Vec<_> = ALL.iter().flat_map(|provider| provider.expect_fields).copied().collect();
    let fields = value.fields(&known)?;
    let is_expected =
        |provider: &&Definition| provider.expect_fields.iter().any(|field| fields.optional(field).is_some());
    let mut expected = ALL.iter().filter(is_expected);
    match (expected.next(), expected.next()) {
        (None, _) => inspect_as(provider_of(token), providers, token, None, now),
        (Some(provider), None) => inspect_as(provider.name, providers, token, Some(fields), now),
        (Some(one), Some(other)) => {
            let (one, other) = (one.title, other.title);
            let detail =
                format!("names things of {one} beside things of {other}; a token is for one of them");
            Err(Invalid::rule(value, detail))
        }
    }
}

/// Describes the rules, for people who check a configuration. `kinds` are those of the callers that the configuration
/// authenticates, `max` is the longest lifetime of a token.
#[cfg(feature = "check")]
pub(crate) fn describe_policy(policy: &Policy, kinds: &[CallerKind], max: Life) -> policy::PolicyDescription {
    policy.describe(kinds, max, Grants::describe)
}
