//! Random bytes for requests. One call fetches the bytes for 64 requests, because a call to the runtime takes longer than
//! the routing of a request.

use std::cell::RefCell;

use hallpass_service::RequestContext;

/// The number of bytes that one call fetches. WebCrypto returns at most 65,536 bytes per call.
const POOL_BYTES: usize = 64 * RequestContext::RANDOM_BYTES;

struct Pool {
    bytes: [u8; POOL_BYTES],
    used: usize,
}

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool { bytes: [0; POOL_BYTES], used: POOL_BYTES }) };
}

/// Returns random bytes, and removes them from the pool.
///
/// # Errors
/// Returns an error if the runtime supplies no random bytes.
pub(crate) fn take() -> Result<[u8; RequestContext::RANDOM_BYTES], getrandom::Error> {
    POOL.with_borrow_mut(|pool| {
        if pool.used >= POOL_BYTES {
            getrandom::fill(&mut pool.bytes)?;
            pool.used = 0;
        }
        let unused = pool.bytes.get_mut(pool.used..).unwrap_or_default();
        let mut random = [0; RequestContext::RANDOM_BYTES];
        for (slot, byte) in random.iter_mut().zip(unused) {
            *slot = std::mem::take(byte);
        }
        pool.used += RequestContext::RANDOM_BYTES;
        Ok(random)
    })
}
