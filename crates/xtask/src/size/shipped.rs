//! The files that a deployment uploads.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use crate::process::{command, output};
use crate::workerd;

/// Bytes of files.
#[derive(Clone, Copy, Default)]
pub(crate) struct Bytes {
    pub(crate) raw: u64,
    /// Bytes after gzip at level 9, each file alone.
    pub(crate) gzipped: u64,
}

/// Bytes of a bundle.
#[derive(Default)]
pub(crate) struct Shipped {
    pub(crate) module: Bytes,
    /// The JavaScript around the module.
    pub(crate) glue: Bytes,
}

impl Bytes {
    fn add(&mut self, other: Self) {
        self.raw += other.raw;
        self.gzipped += other.gzipped;
    }
}

impl Shipped {
    /// Returns the bytes of module and glue together.
    pub(crate) fn total(&self) -> Bytes {
        let mut total = self.module;
        total.add(self.glue);
        total
    }
}

/// Measures a bundle.
///
/// # Errors
/// If the bundle is empty, or Node cannot compress it.
pub(crate) fn measure(bundle: &Path) -> Result<Shipped> {
    let mut shipped = Shipped::default();
    for path in workerd::files(bundle)? {
        let is_module = path.extension().is_some_and(|extension| extension == "wasm");
        let part = if is_module { &mut shipped.module } else { &mut shipped.glue };
        part.add(Bytes { raw: fs::metadata(&path)?.len(), gzipped: gzipped(&path)? });
    }
    ensure!(shipped.module.raw > 0, "{} has no module", bundle.display());
    Ok(shipped)
}

fn gzipped(path: &Path) -> Result<u64> {
    let count = "process.stdout.write(String(require('zlib').gzipSync(require('fs').readFileSync(process.argv[1]),{level:9}).length))";
    let size = output(command("node").args(["-e", count]).arg(path)).context("node cannot compress")?;
    Ok(size.parse()?)
}
