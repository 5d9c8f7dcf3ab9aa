//! The list of providers, and the types that combine all providers.

#[cfg(feature = "check")]
use super::description::ProviderDescription;
use super::minting::{MintContext, Minted, RequestSummary};
use super::{agora, videosdk};
use crate::auth::CallerKind;
use crate::policy::{self, CallerConditions, Rule, RuleContext, TokenError};
use crate::settings::{ConfigError, NamedProject, Projects, SecretName, Secrets, SettingLookup};
use crate::web::json::{Fields, Invalid, Json};
use crate::web::strings::join;
use hallpass_token::{Ttl, UnixSeconds};

/// Defines the types that combine all providers. In these types, each provider's field has the name of the provider's
/// module.
macro_rules! providers {
    ($($provider:ident as $Variant:ident),*) => {
        const ALL: &[ProviderDescriptor] = &[$(ProviderDescriptor {
            name: $provider::NAME,
            title: $provider::TITLE,
            short_settings: $provider::SHORT_SETTINGS,
            short_secrets: $provider::SHORT_SECRETS,
            project_fields: $provider::PROJECT_FIELDS,
            grant_fields: $provider::grant_fields,
            request_fields: $provider::request_fields,
            expect_fields: $provider::EXPECT_FIELDS,
            read_project: |projects, name, fields| {
                let project = $provider::ProjectConfig::read(fields)?;
                projects.$provider.push(NamedProject { name: name.to_owned(), project });
                Ok(())
            },
            read_request: |fields| Ok($provider::read_request(fields)?.map(ProviderRequest::$Variant)),
            recognizes: $provider::recognizes,
            inspect: |providers, token, expected, now| {
                $provider::inspect(&providers.$provider, token, expected, now)
            },
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

        /// The grants of a rule.
        #[derive(Debug, Default)]
        pub(crate) struct Grants { $(pub(crate) $provider: $provider::Grants,)* }

        /// The provider-specific part of a token request. The policy fills in omitted values.
        pub(crate) enum ProviderRequest<'a> { $($Variant($provider::TokenRequest<'a>),)* }

        impl ProjectConfigs {
            /// Returns the name of a required default project that is not configured. If there are several projects, a
            /// provider may require a default project, so that requests without `project` do not depend on the order of
            /// the projects.
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
            pub(crate) fn from_settings(setting: SettingLookup<'_>) -> Result<Self, ConfigError> {
                Ok(Self { $($provider: $provider::ProjectConfig::from_settings(setting)?.into_iter().collect(),)* })
            }

            /// Returns the names of all projects, each with its provider's title.
            pub(crate) fn names(&self) -> Vec<(&str, &'static str)> {
                let mut names = Vec::new();
                $(names.extend(self.$provider.iter().map(|project| (project.name.as_str(), $provider::TITLE)));)*
                names
            }

            /// Combines the projects with the section `rest` of the configuration.
            #[inline(never)]
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
            /// Returns the names of all secrets of the projects and the REST APIs.
            pub(crate) fn secret_names(&self) -> Vec<&SecretName> {
                let mut names = Vec::new();
                $(self.$provider.add_secret_names(&mut names);)*
                names
            }

            /// Returns whether any project is configured.
            pub(crate) fn has_projects(&self) -> bool {
                $(!self.$provider.projects.all().is_empty())||*
            }

            /// Loads the secrets of all projects, including secrets that only verify tokens. Therefore a malformed secret
            /// is reported before a rotation makes it the signing secret.
            ///
            /// # Errors
            /// Returns [`ConfigError`] if a secret is missing or malformed.
            pub(crate) fn load(&self, secrets: &Secrets) -> Result<Providers, ConfigError> {
                Ok(Providers { $($provider: self.$provider.load(secrets)?,)* })
            }
        }

        impl Grants {
            /// Returns unlimited grants, for callers with a service key.
            fn unrestricted() -> Self {
                Self { $($provider: $provider::Grants::unrestricted(),)* }
            }

            /// Returns grants for callers without credentials, who may choose any user. `is_wildcard` also grants uid 0.
            fn any_user(is_wildcard: bool) -> Self {
                Self { $($provider: $provider::Grants::any_user(is_wildcard),)* }
            }

            /// Returns grants for callers with a user's credentials, who may only use their own identity.
            fn own_identity() -> Self {
                Self { $($provider: $provider::Grants::own_identity(),)* }
            }

            /// Reads the grants of a rule; `None` if the rule grants nothing.
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
            /// Applies the policy, fills in omitted fields, and signs the token.
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

            /// Returns the summary for the audit log.
            pub(crate) fn summary(&self) -> RequestSummary<'a> {
                match self { $(Self::$Variant(request) => request.summary(),)* }
            }

            /// Returns the services for the response after the token is minted.
            pub(crate) fn services(&self, ttl: Ttl) -> Vec<(&'static str, Json<'_>)> {
                match self { $(Self::$Variant(request) => request.services(ttl),)* }
            }
        }

        $(impl<'a> From<$provider::TokenRequest<'a>> for ProviderRequest<'a> {
            fn from(request: $provider::TokenRequest<'a>) -> Self {
                Self::$Variant(request)
            }
        })*

        #[cfg(feature = "check")]
        impl Config {
            /// Describes the projects and REST APIs for the configuration summary.
            pub(crate) fn describe(&self) -> Vec<ProviderDescription<'_>> {
                vec![$(self.$provider.describe()),*]
            }
        }

        #[cfg(feature = "check")]
        impl Grants {
            /// Describes the grants for the configuration summary.
            pub(crate) fn describe(&self) -> policy::GrantsDescription<'_> {
                let mut description = policy::GrantsDescription::default();
                $(self.$provider.describe(&mut description);)*
                description
            }
        }
    };
}

// The order determines which provider inspects a token: the first provider that recognizes the token.
providers!(agora as Agora, videosdk as VideoSdk);

pub(crate) type Policy = policy::Policy<Grants>;

/// The constants and functions of a provider, for lookups by name.
struct ProviderDescriptor {
    name: &'static str,
    title: &'static str,
    short_settings: &'static [&'static str],
    short_secrets: &'static [&'static str],
    project_fields: &'static [&'static str],
    grant_fields: fn() -> Vec<&'static str>,
    request_fields: fn() -> Vec<&'static str>,
    expect_fields: &'static [&'static str],
    read_project: for<'j> fn(&mut ProjectConfigs, &str, Fields<'j>) -> Result<(), Invalid<'j>>,
    read_request: for<'j> fn(Fields<'j>) -> Result<Option<ProviderRequest<'j>>, Invalid<'j>>,
    recognizes: fn(&str) -> bool,
    inspect:
        for<'j> fn(&Providers, &str, Option<Fields<'j>>, UnixSeconds) -> Result<Json<'static>, Invalid<'j>>,
}

/// Returns the settings that define projects in a configuration without `projects`, without their aliases.
pub(crate) fn short_settings() -> Vec<&'static str> {
    ALL.iter().filter_map(|provider| provider.short_settings.first().copied()).collect()
}

/// Returns the settings that define projects in a configuration without `projects`, with their aliases.
#[cfg(feature = "check")]
pub(crate) fn short_setting_names() -> Vec<&'static str> {
    ALL.iter().flat_map(|provider| provider.short_settings).copied().collect()
}

/// Returns whether a deployment may have no secret with this name, because the name is an alias, or because an alias of the
/// name is bound. An adapter does not report such a name as unbound.
#[must_use]
pub fn is_optional_secret(name: &str, is_bound: &dyn Fn(&str) -> bool) -> bool {
    ALL.iter().any(|provider| match provider.short_secrets {
        [canonical, aliases @ ..] if *canonical == name => aliases.iter().any(|alias| is_bound(alias)),
        names => names.contains(&name),
    })
}

/// Returns the fields that `fields_of` returns for each provider.
fn fields_of_all(fields_of: fn(&ProviderDescriptor) -> Vec<&'static str>) -> Vec<&'static str> {
    let mut fields = Vec::new();
    for provider in ALL {
        fields.extend(fields_of(provider));
    }
    fields
}

/// Returns the provider-specific fields of a token request.
pub(crate) fn request_fields() -> Vec<&'static str> {
    fields_of_all(|provider| (provider.request_fields)())
}

/// Reads the section `projects` of the configuration.
#[inline(never)]
pub(crate) fn read_projects<'j>(section: &'j Json<'j>) -> Result<ProjectConfigs, Invalid<'j>> {
    let mut projects = ProjectConfigs::default();
    let mut known = vec!["provider"];
    known.extend(fields_of_all(|provider| provider.project_fields.to_vec()));
    let names: Vec<_> = ALL.iter().map(|provider| format!("\"{}\"", provider.name)).collect();
    let expected = join(&names, " or ");
    let mut is_empty = true;
    for (name, value) in section.entries()? {
        is_empty = false;
        let fields = value.fields(&known)?;
        let named = |text: &str| ALL.iter().find(|provider| provider.name == text);
        let provider = fields.required("provider")?.one_of(&expected, named)?;
        let is_own = |field: &&str| *field == "provider" || provider.project_fields.contains(field);
        let mut others = known.iter().filter(|field| !is_own(field));
        if let Some(value) = others.find_map(|field| fields.get(field)) {
            return Err(Invalid::new(value, format!("not a field of {} projects", provider.title)));
        }
        (provider.read_project)(&mut projects, name, fields)?;
    }
    if is_empty {
        // An empty object overrides the short settings, even if they are set.
        let settings = join(&short_settings(), " and ");
        let detail = format!("expected at least one project; {settings} apply only without `projects`");
        return Err(Invalid::new(section, detail));
    }
    if let Some(default) = projects.missing_default() {
        let detail = format!("expected a project named `{default}`, because there are several projects");
        return Err(Invalid::field(section, default, detail));
    }
    Ok(projects)
}

/// Reads the rules of the configuration.
#[inline(never)]
pub(crate) fn read_policy<'j>(
    denied: Vec<CallerConditions>,
    section: &'j Json<'j>,
    context: &RuleContext<'_>,
) -> Result<Policy, Invalid<'j>> {
    let grant_fields = fields_of_all(|provider| (provider.grant_fields)());
    let rules = section.read_items(|rule| Rule::read(rule, context, &grant_fields, Grants::read))?;
    Ok(Policy::new(denied, rules))
}

/// Returns the rules that apply if the configuration has no policy. `is_wildcard` grants uid 0 to callers without
/// credentials.
#[inline(never)]
pub(crate) fn default_policy(denied: Vec<CallerConditions>, is_wildcard: bool) -> Policy {
    let rule = |kinds: &[CallerKind], grants| Rule {
        who: CallerConditions::kinds(kinds),
        inspect: true,
        grants,
        ..Rule::default()
    };
    let rules = vec![
        rule(&[CallerKind::Service], Grants::unrestricted()),
        rule(&[CallerKind::Anonymous], Grants::any_user(is_wildcard)),
        rule(&[CallerKind::User, CallerKind::Gateway], Grants::own_identity()),
    ];
    Policy::default_rules(denied, rules)
}

/// Reads the provider-specific part of a token request.
pub(crate) fn read_request(fields: Fields<'_>) -> Result<ProviderRequest<'_>, Invalid<'_>> {
    let mut found = None;
    for provider in ALL {
        match ((provider.read_request)(fields)?, &found) {
            (None, _) => {}
            (Some(request), None) => found = Some((provider, request)),
            (Some(_), Some((first, _))) => {
                let detail = format!(
                    "cannot be combined with {} services. Request one token per provider",
                    first.title
                );
                return Err(Invalid::field(fields.object(), provider.name, detail));
            }
        }
    }
    found.map(|(_, request)| request).ok_or_else(|| {
        let detail = format!("No service specified. Provide {}", list_services());
        Invalid::rule(fields.object(), detail)
    })
}

/// Returns the names of all services, such as `rtc` and `videosdk`, for a message.
#[cold]
#[inline(never)]
fn list_services() -> String {
    let services: Vec<_> = request_fields().into_iter().filter(|field| *field != "version").collect();
    let (last, others) = services.split_last().unwrap_or((&"", &[]));
    format!("`{}` or `{last}`", join(others, "`, `"))
}

/// Inspects a token. The expected service and the other fields of `expect` determine the provider. If `expect` has no
/// fields, the first provider that recognizes the token inspects it.
pub(crate) fn inspect<'j>(
    providers: &Providers,
    token: &str,
    expect: Option<&'j Json<'j>>,
    now: UnixSeconds,
) -> Result<Json<'static>, Invalid<'j>> {
    let mut known = vec!["service"];
    known.extend(fields_of_all(|provider| provider.expect_fields.to_vec()));
    let fields = expect.map(|value| value.fields(&known)).transpose()?;
    let service = fields.and_then(|fields| fields.optional("service"));
    let of_service = service.map(find_service_provider).transpose()?;
    let has = |field: &&str| fields.is_some_and(|fields| fields.optional(field).is_some());
    let mut expected = ALL.iter().filter(|provider| {
        of_service.is_some_and(|name| name == provider.name) || provider.expect_fields.iter().any(has)
    });
    match (expected.next(), expected.next(), fields) {
        (Some(one), Some(other), Some(fields)) => {
            let (one, other) = (one.title, other.title);
            let detail = format!("combines fields of {one} and {other}. Specify the fields of one provider");
            Err(Invalid::rule(fields.object(), detail))
        }
        (Some(provider), ..) => (provider.inspect)(providers, token, fields, now),
        (None, ..) => {
            let looks_like = ALL.iter().find(|provider| (provider.recognizes)(token));
            looks_like.map_or(Ok(Json::Null), |provider| (provider.inspect)(providers, token, None, now))
        }
    }
}

/// Returns the name of the provider of a service.
fn find_service_provider<'j>(service: &'j Json<'j>) -> Result<&'static str, Invalid<'j>> {
    let has = |provider: &&ProviderDescriptor, name| (provider.request_fields)().contains(&name);
    let name = service.string()?;
    let provider = ALL.iter().find(|provider| name != "version" && has(provider, name));
    provider.map(|provider| provider.name).ok_or_else(|| service.unexpected_value(&list_services()))
}

/// Describes the rules for the configuration summary. `kinds` are the caller kinds that the configuration authenticates, and
/// `max` is the maximum lifetime of a token.
#[cfg(feature = "check")]
pub(crate) fn describe_policy(policy: &Policy, kinds: &[CallerKind], max: Ttl) -> policy::PolicyDescription {
    policy.describe(kinds, max, Grants::describe)
}

#[cfg(test)]
mod tests {
    use super::*;

    const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.e30.c2ln";

    /// Returns the name of the provider that inspects a token, or the path and the detail of the error.
    fn inspected(token: &str, expect: &str) -> Result<String, (String, String)> {
        let config = ProjectConfigs::default().with_rest(None).unwrap();
        let providers = config.load(&Secrets::permanent([])).unwrap();
        let document = Json::parse(expect.as_bytes()).unwrap();
        let inspection = document.read(|document| {
            let expect = document.fields(&["expect"])?.optional("expect");
            inspect(&providers, token, expect, UnixSeconds(1_700_000_000))
        });
        let inspection = inspection.map_err(|error| (error.path, error.detail))?;
        Ok(inspection.get("provider").and_then(Json::as_str).unwrap().to_owned())
    }

    #[test]
    fn detects_the_provider_by_the_token_without_expectations() {
        for (token, provider) in [
            (JWT, "videosdk"),
            (&format!("Bearer {JWT}"), "videosdk"),
            (&format!("\" {JWT}\""), "videosdk"),
            ("007eJx", "agora"),
            ("eyJhbGciOiJIUzI1NiJ9", "agora"),
            ("", "agora"),
        ] {
            for expect in ["{}", r#"{"expect":null}"#, r#"{"expect":{}}"#, r#"{"expect":{"room":null}}"#] {
                assert_eq!(inspected(token, expect).as_deref(), Ok(provider), "{token} {expect}");
            }
        }
    }

    #[test]
    fn expectations_determine_the_provider() {
        for (expect, provider) in [
            (r#"{"app_id":"x"}"#, "agora"),
            (r#"{"channel":"x"}"#, "agora"),
            (r#"{"uid":0}"#, "agora"),
            (r#"{"account":"x"}"#, "agora"),
            (r#"{"service":"stt"}"#, "agora"),
            (r#"{"service":"videosdk"}"#, "videosdk"),
            (r#"{"service":"videosdk","room":"x"}"#, "videosdk"),
            (r#"{"api_key":"x"}"#, "videosdk"),
            (r#"{"room":"x"}"#, "videosdk"),
            (r#"{"participant":"x"}"#, "videosdk"),
        ] {
            for token in [JWT, "007eJx"] {
                let expect = format!(r#"{{"expect":{expect}}}"#);
                assert_eq!(inspected(token, &expect).as_deref(), Ok(provider), "{token} {expect}");
            }
        }
    }

    #[test]
    fn rejects_expectations_that_no_token_meets() {
        for (expect, path, detail) in [
            (
                r#"{"uid":1,"account":"a"}"#,
                "expect.account",
                "cannot be combined with `expect.uid`. Specify one of them",
            ),
            (r#"{"uid":1,"account":2}"#, "expect.account", "invalid type: integer `2`, expected a string"),
            (
                r#"{"uid":1,"room":"r"}"#,
                "expect",
                "combines fields of Agora and VideoSDK. Specify the fields of one provider",
            ),
            (
                r#"{"service":"rtc","room":"r"}"#,
                "expect",
                "combines fields of Agora and VideoSDK. Specify the fields of one provider",
            ),
            (
                r#"{"service":"version"}"#,
                "expect.service",
                "invalid value: string \"version\", expected `rtc`, `rtm`, `chat`, `streaming`, `fcdn`, `apaas`, \
                 `fpa`, `convoai`, `stt` or `videosdk`",
            ),
            (r#"{"service":1}"#, "expect.service", "invalid type: integer `1`, expected a string"),
            (
                r#"{"user":"a"}"#,
                "expect.user",
                "unknown field `user`, expected one of `service`, `app_id`, `channel`, `uid`, `account`, `api_key`, \
                 `room`, `participant`",
            ),
        ] {
            let error = inspected(JWT, &format!(r#"{{"expect":{expect}}}"#)).unwrap_err();
            assert_eq!(error, (path.to_owned(), detail.to_owned()), "{expect}");
        }
    }
}
