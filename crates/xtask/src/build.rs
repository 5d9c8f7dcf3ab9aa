//! Builds of the Worker and the Lambda function.
//!
//! The tool worker-build is not used, for two reasons. Its generated JavaScript creates a `WorkerEntrypoint` for each
//! request, which takes a fifth of the request's time. Compiling worker-build takes longer than all other steps of a
//! first start.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::generated_js::without_classes;
use crate::linker::IS_LINKER;
use crate::process::{command, output, root, run, run_quietly};
use crate::steps::{concurrently, step};
use crate::tools::{self, BindingsWriter};
use crate::wasm::{optimize, wasm_opt};

/// The environment variable that selects the development profile for every build of the Worker, including those by
/// `wrangler dev`.
pub(crate) const DEVELOPMENT: &str = "HALLPASS_DEVELOPMENT";

/// The module that rejects requests that did not pass the proxy of `cargo xtask dev`, and its name in the Worker's folder.
const DEVELOPMENT_MAIN: (&str, &str) = ("development.js", include_str!("development.js"));

/// The environment variable from which Cargo reads the path of the Worker's linker.
const LINKER: &str = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER";

/// A build profile of the Worker.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// A profile for a short compile time.
    Development,
    /// A profile for a small and fast module.
    Release,
    /// The profile `Release` with the names of the module's functions.
    ReleaseWithNames,
}

impl Profile {
    /// Returns the profile that the environment selects.
    fn from_environment() -> Self {
        if std::env::var_os(DEVELOPMENT).is_some() { Self::Development } else { Self::Release }
    }

    /// Returns the folder of the Worker, relative to the root. Each profile has its own folder, so that a test run does not
    /// replace the Worker of a running `cargo xtask dev`.
    pub(crate) const fn worker_folder(self) -> &'static str {
        match self {
            Self::Development => "target/worker-development",
            Self::Release => "target/worker",
            Self::ReleaseWithNames => "target/worker-names",
        }
    }

    /// Returns the path of the main module for `cargo xtask dev`.
    pub(crate) fn development_main(self) -> PathBuf {
        root().join(self.worker_folder()).join(DEVELOPMENT_MAIN.0)
    }

    /// Returns the name of the profile in Cargo.toml. Cargo's folder in `target` has the same name, so no
    /// [`Self::worker_folder`] may have this name.
    const fn name(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Release | Self::ReleaseWithNames => "edge",
        }
    }
}

/// Builds the Worker, and installs the tools at the same time. Writes `entry.js`, the files that `entry.js` imports, and
/// `development.js` to the folder of the profile.
///
/// # Errors
/// Returns an error if a tool fails.
pub(crate) fn worker(profile: Profile) -> Result<()> {
    build_worker(profile, tools::node_modules)
}

/// Builds the Worker for a running wrangler. Does not update the npm packages, because the running wrangler uses them.
///
/// # Errors
/// Returns an error if a tool fails.
pub(crate) fn worker_for_wrangler() -> Result<()> {
    build_worker(Profile::from_environment(), || {
        if wasm_opt().exists() { Ok(()) } else { tools::node_modules() }
    })
}

fn build_worker(profile: Profile, install: impl FnOnce() -> Result<()> + Send) -> Result<()> {
    let (mut writer, mut compiled) = (None, None);
    concurrently([
        Box::new(|| {
            compiled = Some(compile_worker(profile)?);
            Ok(())
        }),
        Box::new(|| {
            writer = Some(tools::bindings_writer()?);
            Ok(())
        }),
        Box::new(install),
    ])?;
    let (Some(writer), Some(compiled)) = (writer, compiled) else { bail!("the Worker was not compiled") };
    let entry = root().join("crates/hallpass-worker/src/entry.js");
    let folder = root().join(profile.worker_folder());
    create_main()?;
    let stamp = folder.join("stamp");
    // The lock files determine the tools' versions, and these source files determine the tools' arguments.
    let steps = [
        include_bytes!("generated_js.rs").as_slice(),
        include_bytes!("wasm.rs"),
        include_bytes!("build.rs"),
        DEVELOPMENT_MAIN.1.as_bytes(),
        include_bytes!("../../worker-bindings/src/main.rs"),
    ];
    let tools = [fs::read(root().join("package-lock.json"))?, fs::read(root().join("Cargo.lock"))?];
    let input = [fs::read(&compiled)?, fs::read(&entry)?, steps.concat(), tools.concat()].concat();
    if fs::read(&stamp).is_ok_and(|previous_input| previous_input == input) {
        return Ok(());
    }
    step("writing the Worker's bindings and optimizing its module", || {
        bind(&writer, &compiled, &folder)?;
        if profile != Profile::Development {
            optimize(&folder, profile == Profile::ReleaseWithNames)?;
        }
        fs::copy(entry, folder.join("entry.js"))?;
        fs::write(profile.development_main(), DEVELOPMENT_MAIN.1)?;
        Ok(fs::write(stamp, input)?)
    })
}

/// Creates the file that `main` in wrangler.toml names, if it does not exist. `wrangler dev` requires this file even if the
/// command line names another main module.
fn create_main() -> Result<()> {
    let main = root().join(Profile::Release.worker_folder()).join("entry.js");
    if !main.exists() {
        fs::create_dir_all(root().join(Profile::Release.worker_folder()))?;
        fs::write(main, "export { default } from \"../worker-development/entry.js\";\n")?;
    }
    Ok(())
}

/// Compiles the Worker, and returns the path of the module.
fn compile_worker(profile: Profile) -> Result<PathBuf> {
    tools::rust_target(tools::WORKER_TARGET)?;
    let remap = shortened_paths()?;
    step(&format!("compiling the Worker (profile {})", profile.name()), || {
        run(command("cargo")
            .args(["build", "--quiet", "--locked", "--package", "hallpass-worker"])
            .args(["--profile", profile.name(), "--target", tools::WORKER_TARGET, "--config"])
            .arg(format!("target.{}.rustflags={:?}", tools::WORKER_TARGET, remap))
            .env(LINKER, std::env::current_exe()?)
            .env(IS_LINKER, "1"))
    })?;
    Ok(root().join("target").join(tools::WORKER_TARGET).join(profile.name()).join("hallpass_worker.wasm"))
}

/// Returns the compiler options that shorten the paths of source files. Messages of panics contain these paths. The module
/// must not depend on the path of the home folder, and the folders of dependencies would take 2 KB.
fn shortened_paths() -> Result<Vec<String>> {
    let home = std::env::home_dir().context("cannot find the home folder")?;
    let cargo = std::env::var_os("CARGO_HOME").map_or_else(|| home.join(".cargo"), PathBuf::from);
    let sysroot = output(command("rustc").args(["--print", "sysroot"])).context("rustc failed to start")?;
    let library = Path::new(&sysroot).join("lib/rustlib/src/rust/library");
    let registries = fs::read_dir(cargo.join("registry/src")).into_iter().flatten();
    let registries = registries.filter_map(|entry| Some(entry.ok()?.path()));
    // The compiler applies the last option that matches a path.
    let folders = [home].into_iter().chain(registries).chain([library]);
    Ok(folders.map(|folder| format!("--remap-path-prefix={}=~", folder.display())).collect())
}

/// Builds the Lambda function for this machine without optimization, to `target/debug/bootstrap`.
///
/// # Errors
/// Returns an error if cargo fails.
pub(crate) fn lambda_for_development() -> Result<()> {
    step("compiling the Lambda function", || {
        run(command("cargo").args(["build", "--quiet", "--locked", "--package", "hallpass-lambda"]))
    })
}

/// Builds the Lambda function for this machine, optimized as for a deployment, to `target/release/bootstrap`.
///
/// # Errors
/// Returns an error if cargo fails.
pub(crate) fn lambda() -> Result<()> {
    step("compiling the Lambda function (profile release)", || {
        run(command("cargo").args([
            "build",
            "--quiet",
            "--release",
            "--locked",
            "--package",
            "hallpass-lambda",
        ]))
    })
}

/// Bundles the built Worker as `wrangler deploy` would upload it.
///
/// # Errors
/// Returns an error if wrangler fails.
pub(crate) fn worker_bundle() -> Result<PathBuf> {
    let config = bundle_config();
    let folder = root().join("target/worker-bundle");
    step("bundling the Worker with wrangler deploy --dry-run", || {
        fs::write(&config, without_build(&fs::read_to_string(root().join("wrangler.toml"))?))?;
        bundle(&config, &folder)
    })?;
    Ok(folder)
}

/// Builds the Worker's module with the names of its functions, and returns its path. The code is the same as in the Worker.
///
/// # Errors
/// Returns an error if a tool fails.
pub(crate) fn module_with_names() -> Result<PathBuf> {
    worker(Profile::ReleaseWithNames)?;
    Ok(root().join(Profile::ReleaseWithNames.worker_folder()).join("hallpass_bg.wasm"))
}

/// Returns the path of a wrangler.toml that serves the built Worker without building it again.
pub(crate) fn bundle_config() -> PathBuf {
    root().join("target/wrangler-bundle.toml")
}

/// Returns a wrangler.toml for the folder `target` without the command that builds the Worker. If wrangler ran this
/// command, the new cargo process would wait for another cargo process that uses the same target folder.
fn without_build(wrangler: &str) -> String {
    let mut is_build = false;
    let lines = wrangler.lines().filter(|line| {
        if line.starts_with('[') {
            is_build = *line == "[build]";
        }
        !is_build
    });
    let toml: String = lines.flat_map(|line| [line, "\n"]).collect();
    toml.replacen("main = \"target/", "main = \"", 1)
}

/// Bundles the Worker that a wrangler.toml describes, and writes the bundle to this folder.
///
/// # Errors
/// Returns an error if wrangler fails.
pub(crate) fn bundle(config: &Path, folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    run_quietly(
        command(tools::node_program("wrangler"))
            .args(["deploy", "--dry-run", "--config"])
            .arg(config)
            .arg("--outdir")
            .arg(folder)
            .env("WRANGLER_SEND_METRICS", "false"),
    )
}

/// Writes the JavaScript bindings of a compiled Worker.
fn bind(writer: &BindingsWriter, compiled: &Path, folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let mut bind = match writer {
        BindingsWriter::Built(program) => {
            let mut bind = command(program);
            bind.arg(compiled).arg("hallpass").arg(folder);
            bind
        }
        // These options correspond to the settings in crates/worker-bindings.
        BindingsWriter::Installed => {
            let mut bind = command("wasm-bindgen");
            bind.arg(compiled)
                .args(["--target", "module", "--no-typescript", "--out-name", "hallpass", "--out-dir"])
                .arg(folder)
                .args(["--experimental-reset-state-function", "--force-enable-abort-handler"]);
            bind
        }
    };
    run_quietly(&mut bind)?;

    // wasm-bindgen generates a source phase import, which is a proposed syntax. The Workers runtime expects an ordinary
    // import.
    let path = folder.join("hallpass.js");
    let bindings = fs::read_to_string(&path)?.replacen("import source ", "import ", 1);
    Ok(fs::write(&path, without_classes(&bindings))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_and_the_build_write_to_different_folders() {
        for profile in [Profile::Development, Profile::Release, Profile::ReleaseWithNames] {
            let of_cargo = format!("target/{}", profile.name());
            for other in [Profile::Development, Profile::Release, Profile::ReleaseWithNames] {
                assert_ne!(of_cargo, other.worker_folder());
            }
        }
    }

    /// Checks the deployed configuration, because a preview URL would serve old secrets and rules.
    #[test]
    fn a_worker_has_no_address_by_default() {
        let wrangler = fs::read_to_string("../../wrangler.toml").unwrap();
        let bundled = without_build(&wrangler);
        let (settings, _) = bundled.split_once("\n[").unwrap();
        for setting in ["workers_dev = false", "preview_urls = false"] {
            assert!(settings.lines().any(|line| line == setting), "{setting}");
        }
    }

    #[test]
    fn removes_only_the_build_table() {
        let wrangler = "main = \"target/worker/entry.js\"\n[build]\ncommand = \"x\"\n\n[vars]\nA = \"\"\n";
        assert_eq!(without_build(wrangler), "main = \"worker/entry.js\"\n[vars]\nA = \"\"\n");
    }
}
