//! Projects by name.

/// A project with its name in the configuration.
#[derive(Clone, Debug)]
pub(crate) struct NamedProject<T> {
    pub(crate) name: String,
    pub(crate) project: T,
}

/// The projects of one provider, in the order of the document.
#[derive(Debug)]
pub(crate) struct Projects<T> {
    /// The provider's name in messages.
    provider: &'static str,
    /// The name of the default project. If no such project exists, the first project is the default.
    default: Option<&'static str>,
    projects: Vec<NamedProject<T>>,
    /// The names of the projects of other providers, each with its provider.
    others: Vec<(String, &'static str)>,
}

/// An error in the selection of a project. For `None`, Display writes a complete sentence. For the other variants,
/// Display writes a predicate for the field `project`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProjectError {
    /// No project of this provider is configured.
    #[error("No {provider} project is configured. Add one to `projects` in HALLPASS_CONFIG.")]
    None { provider: &'static str },
    /// No project has the requested name.
    #[error("is not the name of a configured project")]
    Unknown,
    /// The requested project belongs to another provider.
    #[error("belongs to {other}, but this request is for {provider}")]
    OtherProvider { provider: &'static str, other: &'static str },
}

impl<T> Projects<T> {
    pub(crate) const fn new(
        provider: &'static str,
        default: Option<&'static str>,
        projects: Vec<NamedProject<T>>,
        others: Vec<(String, &'static str)>,
    ) -> Self {
        Self { provider, default, projects, others }
    }

    /// Applies `load` to each project, and returns the results as projects with the same names.
    pub(crate) fn load<U, E>(&self, load: impl Fn(&T) -> Result<U, E>) -> Result<Projects<U>, E> {
        let mut projects = Vec::with_capacity(self.projects.len());
        for NamedProject { name, project } in &self.projects {
            projects.push(NamedProject { name: name.clone(), project: load(project)? });
        }
        Ok(Projects { provider: self.provider, default: self.default, projects, others: self.others.clone() })
    }

    pub(crate) fn all(&self) -> &[NamedProject<T>] {
        &self.projects
    }

    /// Returns the project with this name, or the default project if `name` is `None`.
    pub(crate) fn get(&self, name: Option<&str>) -> Result<&NamedProject<T>, ProjectError> {
        let find = |name: &str| self.projects.iter().find(|project| project.name == name);
        let Some(name) = name else {
            let default = self.default.and_then(find).or(self.projects.first());
            return default.ok_or(ProjectError::None { provider: self.provider });
        };
        find(name).ok_or_else(|| match self.others.iter().find(|(other, _)| other == name) {
            Some((_, other)) => ProjectError::OtherProvider { provider: self.provider, other },
            None => ProjectError::Unknown,
        })
    }
}
