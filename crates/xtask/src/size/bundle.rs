//! The size of the bundle that a deployment uploads.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use crate::process::{command, output};
use crate::workerd;

/// The size of files in bytes.
#[derive(Clone, Copy, Default)]
pub(crate) struct Bytes {
    pub(crate) raw: u64,
    /// The size after gzip at level 9. Each file is compressed separately.
    pub(crate) gzipped: u64,
}

/// The size of a bundle.
#[derive(Default)]
pub(crate) struct BundleSize {
    pub(crate) module: Bytes,
    pub(crate) javascript: Bytes,
}

impl Bytes {
    fn add(&mut self, other: Self) {
        self.raw += other.raw;
        self.gzipped += other.gzipped;
    }
}

impl BundleSize {
    /// Returns the size of the module and the JavaScript together.
    pub(crate) fn total(&self) -> Bytes {
        let mut total = self.module;
        total.add(self.javascript);
        total
    }
}

/// Measures a bundle.
///
/// # Errors
/// Returns an error if the bundle is empty, or Node.js cannot compress it.
pub(crate) fn measure(bundle: &Path) -> Result<BundleSize> {
    let mut size = BundleSize::default();
    for path in workerd::files(bundle)? {
        let is_module = path.extension().is_some_and(|extension| extension == "wasm");
        let part = if is_module { &mut size.module } else { &mut size.javascript };
        part.add(Bytes { raw: fs::metadata(&path)?.len(), gzipped: gzipped(&path)? });
    }
    ensure!(size.module.raw > 0, "{} has no module", bundle.display());
    Ok(size)
}

fn gzipped(path: &Path) -> Result<u64> {
    let program = "process.stdout.write(String(require('zlib').gzipSync(require('fs').readFileSync(process.argv[1]),{level:9}).length))";
    let gzipped =
        output(command("node").args(["-e", program]).arg(path)).context("node failed to compress a file")?;
    Ok(gzipped.parse()?)
}
