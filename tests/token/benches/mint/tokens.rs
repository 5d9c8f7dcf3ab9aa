//! The measured operations. Each iteration uses a different number, so that results cannot be cached between
//! iterations.

mod agora;
mod videosdk;

use crate::measure::Subject;

pub(crate) fn subjects() -> anyhow::Result<Vec<Subject>> {
    Ok(agora::subjects()?.into_iter().chain(videosdk::subjects()?).collect())
}

/// A counter that returns a different number for each token.
struct Counter(u32);

impl Counter {
    fn next(&mut self) -> u32 {
        self.0 += 1;
        std::hint::black_box(self.0)
    }
}

/// A list of different tokens, which are used in turn, and the index of the last token that was used.
struct Pool(Vec<String>, usize);

impl Pool {
    fn new(mut token: impl FnMut() -> String) -> Self {
        Self((0..256).map(|_| token()).collect(), 0)
    }

    fn next(&mut self) -> &str {
        self.1 = (self.1 + 1) % self.0.len();
        self.0.get(self.1).map_or("", String::as_str)
    }
}
