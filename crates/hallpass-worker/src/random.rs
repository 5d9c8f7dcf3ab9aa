//! Random bytes, fetched for many requests at once: asking the runtime costs more than the whole routing of one.

use std::cell::RefCell;

use hallpass_service::RequestContext;

/// Bytes fetched at once; the most that WebCrypto gives are 65,536.
const POOL_BYTES: usize = 64 * RequestContext::RANDOM_BYTES;

struct Pool {
    bytes: [u8; POOL_BYTES],
    used: usize,
}

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool { bytes: [0; POOL_BYTES], used: POOL_BYTES }) };
}

/// Bytes that nobody got before.
///
/// # Errors
/// Where the runtime gives none.
pub(crate) fn take() -> Result<[u8; RequestContext::RANDOM_BYTES], getrandom::Error> {
    POOL.with_borrow_mut(|pool| {
        if pool.used >= POOL_BYTES {
            getrandom::fill(&mut pool.bytes)?;
            pool.used = 0;
        }
        let fresh = pool.bytes.get_mut(pool.used..).unwrap_or_default();
        let mut taken = [0; RequestContext::RANDOM_BYTES];
        for (slot, byte) in taken.iter_mut().zip(fresh) {
            *slot = std::mem::take(byte);
        }
        pool.used += RequestContext::RANDOM_BYTES;
        Ok(taken)
    })
}
